package buildkit

import (
	"fmt"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

// check returns why a builder lacks a feature that this engine needs, or nil.
func (b *builder) check(offers gateway.BuildOpts) error {
	// An image with steps that is pushed has several exporters. Without the capability, a daemon uses only the first.
	for _, needed := range []apicaps.CapID{pb.CapMergeOp, pb.CapDiffOp, pb.CapSourceOCILayout, pb.CapMultipleExporters} {
		if err := offers.LLBCaps.Supports(needed); err != nil {
			return &lostError{reason: fmt.Sprintf("it runs BuildKit %s, which is too old: %s is missing; take v0.13 or later", b.version, needed)}
		}
	}
	return nil
}

// listed returns why workers may be unable to run the steps of images, or nil. Workers list the platforms that their
// machine runs, natively or with a registered emulator. A builder may also have emulators that it does not list.
func listed(workers []gateway.WorkerInfo, plans []plan.Image) error {
	for _, image := range plans {
		if len(image.Runs) > 0 && !works(workers, image) {
			return &lostError{unsure: true, reason: fmt.Sprintf("it does not say that it runs programs of %s; others are asked first", image.Platform)}
		}
	}
	return nil
}

// works reports whether some worker runs programs of the image's platform.
func works(workers []gateway.WorkerInfo, image plan.Image) bool {
	for _, worker := range workers {
		for _, platform := range worker.Platforms {
			if images.PlatformOf(platform.OS, platform.Architecture, platform.Variant) == image.Platform {
				return true
			}
		}
	}
	return false
}
