//go:build linux

package jmeter

import (
	"strings"
	"testing"
	"time"
)

const example = `timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,bytes,grpThreads,allThreads,Latency
1000,900,warm,200,OK,Warm up 1-1,text,true,136,2,2,900
2000,30,Hello,200,OK,Runs 1-1,text,true,136,2,2,30
2010,10,Hello,200,OK,Runs 1-2,text,true,136,2,2,10
2030,20,Hello,200,"Test failed: text expected to contain /u1x2""/",Runs 1-1,text,false,136,2,2,20
2020,80,Hello,502,Bad Gateway,Runs 1-2,text,false,136,2,2,80
`

func TestParse(t *testing.T) {
	got, err := parse(strings.NewReader(example))
	if err != nil {
		t.Fatal(err)
	}
	if got.Sent != 4 || got.Right != 2 || got.Wrong != 1 || got.Failed != 1 || got.FirstBad != "status 502" {
		t.Errorf("got %+v", got)
	}
	if got.Wall != 100*time.Millisecond || got.Percentile(50) != 20*time.Millisecond || got.Percentile(100) != 80*time.Millisecond || got.Mean() != 35*time.Millisecond {
		t.Errorf("wall %v, median %v, most %v, mean %v", got.Wall, got.Percentile(50), got.Percentile(100), got.Mean())
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":          "",
		"no names":         "1000,900,warm,200\n",
		"a time in words":  strings.Replace(example, "2010,10", "2010,ten", 1),
		"a line cut short": example + "2040,20,Hello\n",
	} {
		if got, err := parse(strings.NewReader(text)); err == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
