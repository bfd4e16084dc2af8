package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sizeRow is the part of a row of the size record that is compared.
type sizeRow struct {
	Name, Platform, Digest string
	DockerSize             int64 `json:"docker_size"`
	CompressedSize         int64 `json:"compressed_size"`
	Inputs                 map[string]string
}

// readSizes returns the rows of the named image in a size record.
func readSizes(t *testing.T, path, name string) (rows []sizeRow) {
	t.Helper()
	var record struct{ Images []sizeRow }
	if err := json.Unmarshal(read(t, path), &record); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, row := range record.Images {
		if row.Name == name {
			rows = append(rows, row)
		}
	}
	return rows
}

// TestSizeRecord builds every image anew and holds it against the checked-in size record, which was written on some
// other machine at some other time. Images on Alpine are compared where the packages are that they were measured with.
func TestSizeRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"scratch", "hello", "go", "alpine", "bash", "python", "ruby"} {
		t.Run(name, func(t *testing.T) {
			want := readSizes(t, "../images/sizes.json", name)
			if len(want) == 0 {
				t.Fatalf("images/sizes.json has no row for %s", name)
			}
			var platforms []string
			for _, row := range want {
				platforms = append(platforms, row.Platform)
			}
			command, as := "go run ./cmd/mkimage build "+name+" --platform "+strings.Join(platforms, ","), ""
			if slices.Contains([]string{"alpine", "bash", "python", "ruby"}, name) {
				needPackages(t, want)
				as = " --as " + name
			}
			output(t, dir, built.mkimage, strings.Fields(command)[3:]...)
			got := readSizes(t, filepath.Join(dir, "dist", "sizes.json"), name)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("images/sizes.json is not what is built now; update it and the README with\n"+
					"  %s && go run ./cmd/mkimage sizes --update %s%s\n"+
					"  go test ./e2e -run TestReadmeSizes -update\n%s", command, name, as, diff)
			}
		})
	}
}

// needPackages asks for the Alpine packages that rows were measured with: those of a folder, with keys of its own, if
// the rows say so.
func needPackages(t *testing.T, rows []sizeRow) {
	t.Helper()
	mirror, release := os.Getenv("MKIMAGE_ALPINE_MIRROR"), os.Getenv("MKIMAGE_ALPINE_RELEASE")
	if mirror == "" || strings.Contains(mirror, "://") {
		t.Skip("the record is of packages in a folder, and MKIMAGE_ALPINE_MIRROR names none")
	}
	keys := os.Getenv("MKIMAGE_ALPINE_KEYS")
	for _, row := range rows {
		signers := row.Inputs["packages signed by"]
		if row.Inputs["alpine-release"] != release || !strings.Contains(keys, signers) {
			t.Skipf("%s (%s) was measured with other packages than those in %s: %v", row.Name, row.Platform, mirror, row.Inputs)
		}
	}
}

// TestDockerSize compares the size record with what docker images prints, for files alone and for links.
func TestDockerSize(t *testing.T) {
	t.Parallel()
	needEngine(t)
	driver := docker(t, "info", "--format", "{{.Driver}}")
	if classic := []string{"overlay2", "vfs", "btrfs", "zfs", "fuse-overlayfs"}; !slices.Contains(classic, driver) {
		t.Skipf("the engine's image store %s adds up sizes in another way", driver)
	}
	for _, image := range []string{"scratch", "alpine"} {
		t.Run(image, func(t *testing.T) {
			if image == "alpine" && os.Getenv("MKIMAGE_ALPINE_MIRROR") == "" {
				t.Skip("no Alpine packages: MKIMAGE_ALPINE_MIRROR is not set")
			}
			name, dir := imageName(t), t.TempDir()
			archive, record := filepath.Join(dir, "image.tar"), filepath.Join(dir, "sizes.json")
			mkimage(t, "build", image, "--platform", hostPlatform.String(), "-o", "type=docker,dest="+archive+",ref="+name, "--size-record", record)
			docker(t, "load", "-i", archive)
			want, err := strconv.ParseInt(docker(t, "image", "inspect", "--format", "{{.Size}}", name), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			if rows := readSizes(t, record, image); len(rows) != 1 || rows[0].DockerSize != want {
				t.Errorf("docker images prints %d, the record has %+v", want, rows)
			}
		})
	}
}
