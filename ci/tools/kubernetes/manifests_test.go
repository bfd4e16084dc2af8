// Package kubernetes holds the manifests in ci/kubernetes against the types of Kubernetes' own API, and reaches a builder in
// a pod through kubectl. It is a module of its own, so that nobody else has to get them:
//
//	cd ci/tools/kubernetes && go test ./...
package kubernetes

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// TestManifests decodes every document strictly: an unknown key or a wrong type is an error.
func TestManifests(t *testing.T) {
	files, err := filepath.Glob("../../kubernetes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range bytes.Split(text, []byte("\n---\n")) {
			check(t, file, document)
		}
	}
}

func check(t *testing.T, file string, document []byte) {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(document, &kind); err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	var object any
	switch kind.APIVersion + " " + kind.Kind {
	case "v1 Service":
		object = &corev1.Service{}
	case "apps/v1 StatefulSet":
		object = &appsv1.StatefulSet{}
	default:
		t.Errorf("%s: %s %s is not known to this test", file, kind.APIVersion, kind.Kind)
		return
	}
	if err := yaml.UnmarshalStrict(document, object); err != nil {
		t.Errorf("%s: %s: %v", file, kind.Kind, err)
	}
	if set, ok := object.(*appsv1.StatefulSet); ok {
		checkSet(t, file, set)
	}
}

// checkSet looks at what types do not say: labels and names that must be the same in several places.
func checkSet(t *testing.T, file string, set *appsv1.StatefulSet) {
	selector, err := metav1.LabelSelectorAsMap(set.Spec.Selector)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range selector {
		if set.Spec.Template.Labels[key] != value {
			t.Errorf("%s: the selector wants %s=%s, and the pods have %q", file, key, value, set.Spec.Template.Labels[key])
		}
	}
	volumes := map[string]bool{}
	for _, volume := range set.Spec.Template.Spec.Volumes {
		volumes[volume.Name] = true
	}
	for _, claim := range set.Spec.VolumeClaimTemplates {
		volumes[claim.Name] = true
	}
	pod := set.Spec.Template.Spec
	for _, container := range append(pod.InitContainers, pod.Containers...) {
		for _, mount := range container.VolumeMounts {
			if !volumes[mount.Name] {
				t.Errorf("%s: there is no volume %s", file, mount.Name)
			}
		}
		if !strings.Contains(container.Image, ":v") {
			t.Errorf("%s: the image %s has no version", file, container.Image)
		}
	}
	// At every start it would give all files of the cache another group and mode, and they go into images.
	if pod.SecurityContext != nil && pod.SecurityContext.FSGroup != nil {
		t.Errorf("%s: the pods have an fsGroup", file)
	}
}
