package sbom

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

// scratch returns the image scratch with a small proxy.
func scratch(t *testing.T) v1.ImageIndex {
	t.Helper()
	epoch := time.Unix(0, 0)
	layers := layer.NewMaker(epoch, cache.Dir{})
	base, err := plan.Scratch(t.Context(), layers)
	if err != nil {
		t.Fatal(err)
	}
	proxies := map[images.Platform]layer.Layer{}
	for _, platform := range images.UsualPlatforms() {
		proxies[platform], err = plan.Proxy(t.Context(), layers, program(t, "go1.26.8", "path\t"+ownModule+"/proxy\nmod\t"+ownModule+"\t(devel)\t\nbuild\tGOARCH="+platform.Architecture()+"\n"))
		if err != nil {
			t.Fatal(err)
		}
	}
	definition := images.Definition{Name: "scratch", Base: images.Scratch, Platforms: images.UsualPlatforms(), File: "scratch.yaml"}
	in := plan.Inputs{Epoch: epoch, Materials: plan.Materials{Layers: layers, Scratch: base}, Proxies: proxies}
	if in.Grounds, err = plan.Lay(t.Context(), definition, in.Materials); err != nil {
		t.Fatal(err)
	}
	plans, err := plan.Make(t.Context(), definition, in)
	if err != nil {
		t.Fatal(err)
	}
	return build(t, plans...)
}

// stack returns an image for linux/amd64 of layers NAME, lowest first, that have these files.
func stack(t *testing.T, epoch time.Time, layers ...stackLayer) v1.ImageIndex {
	t.Helper()
	made := plan.Image{Name: "stack", Platform: images.LinuxAMD64, Created: epoch}
	for _, l := range layers {
		one, err := layer.NewMaker(epoch, cache.Dir{}).New(t.Context(), l.name, l.files)
		if err != nil {
			t.Fatal(err)
		}
		made.Layers = append(made.Layers, one)
	}
	return build(t, made)
}

type stackLayer struct {
	name  string
	files []layer.File
}

func text(path, content string) layer.File { return layer.Regular(path, 0o644, []byte(content)) }

func build(t *testing.T, plans ...plan.Image) v1.ImageIndex {
	t.Helper()
	index, err := embedded.Engine{}.Build(t.Context(), plans)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// program returns an ELF file that has what the Go linker writes about modules, in the form of debug/buildinfo, and
// nothing else.
func program(t *testing.T, toolchain, modules string) []byte {
	t.Helper()
	frame := strings.Repeat("#", 16) // stands for the marks around the text
	blob := append([]byte("\xff Go buildinf:\x08\x02"), make([]byte, 16)...)
	for _, part := range []string{toolchain, frame + modules + frame} {
		blob = append(binary.AppendUvarint(blob, uint64(len(part))), part...)
	}
	const headers, at = 64 + 56, 128
	header := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1,
	}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS], header.Ident[elf.EI_DATA], header.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	segment := elf.Prog64{
		Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W), Off: at, Vaddr: 0x400000,
		Filesz: uint64(len(blob)), Memsz: uint64(len(blob)),
	}
	var out bytes.Buffer
	for _, part := range []any{header, segment, make([]byte, at-headers), blob} {
		if err := binary.Write(&out, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}
