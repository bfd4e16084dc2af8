package build

import (
	"context"
	"errors"
	"fmt"
	"maps"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// assembled is an image that is made and not yet written.
type assembled struct {
	definition images.Definition
	in         inputs
	plans      []plan.Image // one a platform
	index      v1.ImageIndex
	rows       []sizes.Image
	document   []byte // its SBOM, or nil
}

// inputs are the inputs of a plan, and facts about them that provenance states.
type inputs struct {
	plan.Inputs
	lock   []byte            // the file that the packages are from, or nil where the mirror has said which they are
	files  [][]action.Given  // of the definition's steps, and then of the definition
	action map[string][]byte // the action's files by name; nil if provenance will not list them
}

// assemble makes the image of every platform, measures it and lists its content.
func (r *run) assemble(ctx context.Context, definition images.Definition) (assembled, error) {
	step := r.Display.Start(definition.Name + ": build the image")
	made, err := r.make(ctx, definition)
	return made, step.End("", err)
}

func (r *run) make(ctx context.Context, definition images.Definition) (assembled, error) {
	made := assembled{definition: definition}
	var err error
	if made.in, err = r.gather(ctx, definition); err != nil {
		return made, err
	}
	if made.plans, err = plan.Make(ctx, definition, made.in.Inputs); err != nil {
		return made, err
	}
	if err := r.checkBudget(definition, planned(made.plans)); err != nil {
		return made, err
	}
	if made.index, err = r.engine.Build(ctx, made.plans); err != nil {
		return made, err
	}
	if made.rows, err = r.measure(ctx, made); err != nil {
		return made, err
	}
	if err := r.checkBudget(definition, made.rows); err != nil {
		return made, err
	}
	made.document, err = r.makeSBOM(definition.Name, made.index)
	return made, err
}

// write writes an image to every output. An *UnattachedError comes with a result that lacks nothing else.
func (r *run) write(ctx context.Context, made assembled) (Result, error) {
	name := made.definition.Name
	digest, err := made.index.Digest()
	if err != nil {
		return Result{}, err
	}
	result := Result{Name: name, Digest: digest.String(), Sizes: made.rows}
	var unattached error
	for _, output := range r.Outputs {
		step := r.Display.Start(name + ": " + output.For(name).Title())
		written, outcomes, err := r.writeTo(ctx, made, output, step.Note)
		if missing := (*UnattachedError)(nil); errors.As(err, &missing) {
			unattached, err = errors.Join(unattached, err), nil
		}
		if step.End(written.Detail(), err) != nil {
			return Result{}, err
		}
		result.Outputs, result.Attachments = append(result.Outputs, written), append(result.Attachments, outcomes...)
	}
	return result, unattached
}

// writeTo writes an image to one output. In a registry, tags come last, even if something could not be attached.
func (r *run) writeTo(ctx context.Context, made assembled, output publish.Output, note func(string)) (publish.Result, []referrers.Outcome, error) {
	written, err := r.publisher.Write(ctx, output, publish.Image{Name: made.definition.Name, Index: made.index}, note)
	if err == nil {
		err = writeSBOM(&written, made.document)
	}
	if err != nil || output.Type != publish.Registry {
		return written, nil, err
	}
	outcomes, err := r.attach(ctx, made, written)
	if missing := (*UnattachedError)(nil); err != nil && !errors.As(err, &missing) {
		return written, nil, err
	}
	if failed := r.publisher.SetTags(ctx, &written); failed != nil {
		return written, nil, failed
	}
	return written, outcomes, err
}

// gather makes the inputs of a plan: packages, action and proxies.
func (r *run) gather(ctx context.Context, definition images.Definition) (in inputs, err error) {
	in.Epoch, in.Materials = r.Epoch, plan.Materials{Layers: r.layers, Scratch: r.scratch}
	if in.Stemcells, err = r.Stemcells.Pick(definition.Stemcells); err != nil {
		return in, fmt.Errorf("image %s (%s): %w", definition.Name, definition.File, err)
	}
	if in.Alpine, in.lock, err = r.packages(ctx, definition, in.Stemcells); err != nil {
		return in, fmt.Errorf("image %s: %w", definition.Name, err)
	}
	if in.files, err = stepFiles(definition); err != nil {
		return in, err
	}
	if in.Files, err = r.layFiles(ctx, in.files); err != nil {
		return in, err
	}
	placed, sources, err := placedFiles(definition)
	if err != nil {
		return in, fmt.Errorf("image %s: %w", definition.Name, err)
	}
	in.Placed, in.files = placed, append(in.files, sources)
	if in.Grounds, err = plan.Lay(ctx, definition, in.Materials); err != nil {
		return in, err
	}
	if in.Actions, in.action, err = r.bake(ctx, definition, in.Grounds); err != nil {
		return in, err
	}
	in.Proxies, err = r.proxiesOf(ctx, definition, in.Actions)
	return in, err
}

// measure returns the row of the size record for each platform; the index has an image for each plan, in their order.
func (r *run) measure(ctx context.Context, made assembled) ([]sizes.Image, error) {
	manifest, err := made.index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var rows []sizes.Image
	for i, planned := range made.plans {
		img, err := made.index.Image(manifest.Manifests[i].Digest)
		if err != nil {
			return nil, err
		}
		inputs, err := r.inputs(made.definition, planned, made.in.Actions[planned.Platform])
		if err != nil {
			return nil, err
		}
		maps.Copy(inputs, r.foreign(made.definition, made.in.Alpine[planned.Platform].Pins))
		row, err := sizes.Measure(planned.Name, string(planned.Platform), img, inputs, r.Cache)
		if err != nil {
			return nil, err
		}
		if made.in.Alpine[planned.Platform].Pins != nil {
			if row.Contents, err = inspect.Packages(img, r.Cache); err != nil {
				return nil, err
			}
		}
		rows = append(rows, row)
	}
	return rows, ctx.Err()
}
