package stemcells_test

import (
	"fmt"
	"testing"
)

// BenchmarkRun measures a run from the request's line to the result's.
func BenchmarkRun(b *testing.B) {
	values := map[string]string{
		"small": `{"name":"Mike"}`,
		"web":   `{"__ow_method":"get","__ow_headers":{"accept":"*/*","host":"example.org","user-agent":"curl/8.0"},"__ow_path":"","name":"Mike"}`,
		"1MB":   fmt.Sprintf(`{"text":"%01048576d"}`, 1),
	}
	for name, test := range map[string]struct {
		language language
		source   string
	}{"bash": {bash(), echo}, "ruby": {ruby(), mirror}, "python": {python(), given}} {
		for size, value := range values {
			b.Run(name+"/"+size, func(b *testing.B) {
				s := test.language.start(b, test.source)
				for b.Loop() {
					s.run(value)
				}
				b.StopTimer()
				s.end()
			})
		}
		b.Run(name+"/start", func(b *testing.B) {
			dir := folder(b, test.language.file, test.source)
			for b.Loop() {
				test.language.begin(b, dir, "main").ready().end()
			}
		})
	}
}
