package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// bench is one world, built by two.
type bench struct {
	world      world
	ours, apko maker
}

// maker is a command that builds the world's image into an OCI layout.
type maker struct {
	dir     string
	command []string // its flags name folders in dir
}

func (m maker) layout() string { return filepath.Join(m.dir, "out") }
func (m maker) cache() string  { return filepath.Join(m.dir, "cache") }
func (m maker) temp() string   { return filepath.Join(m.dir, "temp") }

// newBench prepares the commands. Both get the mirror by its URL.
func newBench(o options, w world, url, dir string) (*bench, error) {
	b := &bench{world: w, ours: maker{dir: filepath.Join(dir, "mkimage")}, apko: maker{dir: filepath.Join(dir, "apko")}}
	definition := filepath.Join(b.ours.dir, w.name+".yaml")
	text := fmt.Sprintf("name: %s\ndescription: What apko builds too\nbase: alpine\nalpine: %s\nplatforms: [linux/amd64]\n", w.name, o.release)
	if len(w.packages) > 0 {
		text += "packages:\n"
		for _, name := range w.packages {
			text += "  - " + name + "\n"
		}
	}
	if err := os.MkdirAll(b.ours.dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(definition, []byte(text), 0o644); err != nil {
		return nil, err
	}
	mkimage, err := filepath.Abs(o.mkimage)
	if err != nil {
		return nil, err
	}
	b.ours.command = []string{mkimage, "build", definition, "--alpine-mirror", "LOCAL", "--cache-dir", b.ours.cache(),
		"--sbom", "none", "--progress", "none", "--size-record", filepath.Join(b.ours.dir, "sizes.json"), "--proxy", o.proxy, "-o", "type=oci,dest=" + b.ours.layout()}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b.apko.command = []string{self, builder, "-cache", b.apko.cache(), "-temp", b.apko.temp(), "-out", b.apko.layout(),
		"-repository", url + "/" + o.release + "/main", "-repository", url + "/" + o.release + "/community"}
	for _, name := range append(basePackages(), w.packages...) {
		b.apko.command = append(b.apko.command, "-package", name)
	}
	for _, key := range o.keys {
		if key, err = filepath.Abs(key); err != nil {
			return nil, err
		}
		b.ours.command = append(b.ours.command, "--alpine-key", key)
		b.apko.command = append(b.apko.command, "-key", key)
	}
	b.ours.command[slices.Index(b.ours.command, "LOCAL")] = url
	return b, nil
}

// cost is what a build took.
type cost struct{ elapsed, cpu time.Duration }

// build runs the command. A cold one finds no cache.
func (m maker) build(ctx context.Context, cold bool) (cost, error) {
	remove := []string{m.layout(), m.temp()}
	if cold {
		remove = append(remove, m.cache())
	}
	for _, dir := range remove {
		if err := os.RemoveAll(dir); err != nil {
			return cost{}, err
		}
	}
	for _, dir := range []string{m.cache(), m.temp()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return cost{}, err
		}
	}
	var said bytes.Buffer
	command := exec.CommandContext(ctx, m.command[0], m.command[1:]...)
	command.Dir, command.Stdout, command.Stderr = m.dir, &said, &said
	began := time.Now()
	err := command.Run()
	took := time.Since(began)
	if err != nil {
		return cost{}, fmt.Errorf("%v: %w\n%s", m.command, err, &said)
	}
	return cost{took, command.ProcessState.UserTime() + command.ProcessState.SystemTime()}, nil
}

// rounds builds with one right after the other, cold and then warm, and prints the medians.
func (b *bench) rounds(ctx context.Context, rounds int, out io.Writer) error {
	fmt.Fprintf(out, "\n%-24s %10s %8s   %s\n", fmt.Sprintf("%s, %d rounds", b.world.name, rounds), "mkimage ms", "apko ms", "ratio (lowest to highest)")
	costs := map[bool]*pairs{true: {}, false: {}}
	for range rounds {
		for _, cold := range []bool{true, false} {
			ours, err := b.ours.build(ctx, cold)
			if err != nil {
				return err
			}
			theirs, err := b.apko.build(ctx, cold)
			if err != nil {
				return err
			}
			costs[cold].elapsed.add(ours.elapsed, theirs.elapsed)
			costs[cold].cpu.add(ours.cpu, theirs.cpu)
		}
	}
	fmt.Fprintf(out, "%-24s %s\n%-24s %s\n", "cold, elapsed", costs[true].elapsed, "cold, processor time", costs[true].cpu)
	fmt.Fprintf(out, "%-24s %s\n%-24s %s\n", "warm, elapsed", costs[false].elapsed, "warm, processor time", costs[false].cpu)
	return nil
}

// pairs are the costs of two, side by side.
type pairs struct{ elapsed, cpu pair }

// pair holds the times of two, round by round, in milliseconds.
type pair struct{ ours, theirs, ratios []float64 }

func (p *pair) add(ours, theirs time.Duration) {
	p.ours = append(p.ours, float64(ours.Microseconds())/1000)
	p.theirs = append(p.theirs, float64(theirs.Microseconds())/1000)
	p.ratios = append(p.ratios, float64(ours)/float64(theirs))
}

func (p pair) String() string {
	return fmt.Sprintf("%10.0f %8.0f   %.2f (%.2f to %.2f)", median(p.ours), median(p.theirs), median(p.ratios), slices.Min(p.ratios), slices.Max(p.ratios))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[len(sorted)/2] + sorted[(len(sorted)-1)/2]) / 2
}
