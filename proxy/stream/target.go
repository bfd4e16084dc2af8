package stream

import (
	"strconv"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// Hosts are the addresses that streams may go to (OW_STREAM_HOSTS). The caller of an action chooses the address, so
// a proxy that connects to any of them would be a way into its network.
type Hosts []prefix

// ParseHosts reads addresses and CIDRs, with commas between them: "10.0.0.0/8, fd00::1". It reports false where one is
// something else.
func ParseHosts(list string) (Hosts, bool) {
	var hosts Hosts
	for _, text := range strings.Split(list, ",") {
		p, ok := parsePrefix(strings.Trim(text, " "))
		if !ok {
			return nil, false
		}
		hosts = append(hosts, p)
	}
	return hosts, true
}

// A Target is where a stream goes.
type Target struct {
	Address Address
	Port    uint16
}

// A TargetError says why no stream goes where a run asks for. It holds nothing of the value.
type TargetError string

func (e TargetError) Error() string { return "no stream goes to STREAM_HOST: " + string(e) }

// ReadTarget returns where the value of a run asks its stream to be sent: its members STREAM_HOST, a string, and
// STREAM_PORT, a string or a number. It reports false where there is neither.
func ReadTarget(value []byte) (target Target, asked bool, err error) {
	var host, port []byte
	members := jsonscan.Object(value)
	for members.Next() {
		switch string(members.Key) {
		case "STREAM_HOST":
			host = members.Value
		case "STREAM_PORT":
			port = members.Value
		}
	}
	if host == nil && port == nil {
		return Target{}, false, nil
	}
	text, isText := jsonscan.Text(host)
	address, ok := parseAddress(text)
	if !isText || !ok {
		return Target{}, true, TargetError("it is not the text of an address, as 10.0.0.7 or fd00::7, without a zone")
	}
	digits, isText := jsonscan.Text(port)
	if !isText {
		digits = string(port)
	}
	number, wrong := strconv.ParseUint(digits, 10, 16)
	if wrong != nil || number < 1024 {
		return Target{}, true, TargetError("STREAM_PORT is not a number from 1024 to 65535")
	}
	return Target{address, uint16(number)}, true, nil
}

// Check returns why a stream must not go to an address, or nil. own tells whether an address is one of this machine's,
// on whose port the proxy itself listens.
func (h Hosts) Check(target Target, own func(Address) bool, port uint16) error {
	address := target.Address
	allowed, named := false, false
	for _, p := range h {
		if p.contains(address) {
			allowed = true
			named = named || p.bits == 128
		}
	}
	switch special := address.isSpecial(); {
	case !allowed:
		return TargetError("OW_STREAM_HOSTS does not allow the address")
	case special && !named:
		return TargetError("OW_STREAM_HOSTS does not name this special address by itself")
	case target.Port == port && own(address):
		return TargetError("it is the proxy itself")
	}
	return nil
}
