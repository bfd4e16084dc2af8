package kubernetes

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/apimachinery/pkg/util/httpstream/spdy"
	"k8s.io/apimachinery/pkg/util/remotecommand"
)

// cluster is what kubectl needs of an API server to run a program in a pod. It knows three pods of one namespace:
// builder-0, which runs a builder; closed, in which the user may run nothing; and bare, which has no programs.
type cluster struct {
	t      *testing.T
	inside []string // what "buildctl dial-stdio" is in the pod that runs a builder
}

// start returns the file with which kubectl finds the cluster.
func (c cluster) start() string {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
	})
	mux.HandleFunc("GET /apis", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}})
	})
	mux.HandleFunc("GET /api/v1", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList"}, GroupVersion: "v1", APIResources: []metav1.APIResource{
			{Name: "pods", SingularName: "pod", Namespaced: true, Kind: "Pod", Verbs: metav1.Verbs{"get"}},
		}})
	})
	mux.HandleFunc("GET /api/v1/namespaces/builders", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, corev1.Namespace{TypeMeta: metav1.TypeMeta{Kind: "Namespace", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{Name: "builders"}})
	})
	mux.HandleFunc("GET /api/v1/namespaces/builders/pods/{pod}", c.pod)
	mux.HandleFunc("/api/v1/namespaces/builders/pods/{pod}/exec", c.exec)
	server := httptest.NewServer(mux)
	c.t.Cleanup(server.Close)

	file := filepath.Join(c.t.TempDir(), "config")
	text := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "here",
"contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
"clusters": [{"name": "here", "cluster": {"server": %q}}], "users": [{"name": "me", "user": {}}]}`, server.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return file
}

func (c cluster) pod(w http.ResponseWriter, request *http.Request) {
	name := request.PathValue("pod")
	switch name {
	case "builder-0", "closed", "bare":
		answer(w, http.StatusOK, corev1.Pod{
			TypeMeta:   metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"},
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "builders"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "buildkitd"}}},
			Status:     corev1.PodStatus{Phase: corev1.PodRunning},
		})
	default:
		refuse(w, apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, name))
	}
}

// exec runs the builder's program on the streams that kubectl opens, in the way of Kubernetes since 1.4: SPDY, and a
// status at the end. Newer kubectls try WebSockets first.
func (c cluster) exec(w http.ResponseWriter, request *http.Request) {
	name := request.PathValue("pod")
	if name == "closed" {
		refuse(w, apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, name, errors.New(`User "me" cannot create resource "pods/exec"`)))
		return
	}
	if _, err := httpstream.Handshake(request, w, []string{remotecommand.StreamProtocolV4Name}); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	opened := make(chan httpstream.Stream, 4)
	connection := spdy.NewResponseUpgrader().UpgradeResponse(w, request, func(stream httpstream.Stream, _ <-chan struct{}) error {
		opened <- stream
		return nil
	})
	if connection == nil {
		return // it has answered
	}
	defer func() { _ = connection.Close() }()
	streams := map[string]httpstream.Stream{}
	for len(streams) < 4 {
		select {
		case stream := <-opened:
			streams[stream.Headers().Get(corev1.StreamType)] = stream
		case <-connection.CloseChan():
			return
		case <-time.After(time.Minute):
			c.t.Error("kubectl opened too few streams")
			return
		}
	}
	var status metav1.Status
	if err := c.run(name, request, streams); err != nil {
		status = apierrors.NewInternalError(err).ErrStatus
	} else {
		status = metav1.Status{Status: metav1.StatusSuccess}
	}
	text, err := json.Marshal(status)
	if err != nil {
		c.t.Error(err)
	}
	_, _ = streams[corev1.StreamTypeError].Write(text) // it may be gone
}

// run runs a program in a pod.
func (c cluster) run(pod string, request *http.Request, streams map[string]httpstream.Stream) error {
	asked := request.URL.Query()["command"]
	if pod == "bare" { // the words of containerd and runc
		return fmt.Errorf(`error executing command in container: failed to exec in container: failed to start exec "1": OCI runtime exec failed: exec failed: unable to start container process: exec: %q: executable file not found in $PATH: unknown`, asked[0])
	}
	if !slices.Equal(asked, []string{"buildctl", "dial-stdio"}) {
		return fmt.Errorf("asked to run %q", asked)
	}
	command := exec.CommandContext(c.t.Context(), c.inside[0], c.inside[1:]...)
	command.Stdin, command.Stdout, command.Stderr = streams[corev1.StreamTypeStdin], streams[corev1.StreamTypeStdout], streams[corev1.StreamTypeStderr]
	command.WaitDelay = time.Second
	return command.Run()
}

func answer(w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object) // kubectl may be gone
}

func refuse(w http.ResponseWriter, err *apierrors.StatusError) {
	status := err.ErrStatus
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	answer(w, int(status.Code), status)
}
