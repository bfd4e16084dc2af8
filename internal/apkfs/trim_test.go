package apkfs

import "testing"

func TestBelow(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"usr/share/doc", "usr/share/doc", true},
		{"usr/share/doc", "usr/share/doc/a/b", true},
		{"usr/share/doc", "usr/share/docs", false},
		{"usr/lib/ruby/*/rdoc*", "usr/lib/ruby/3.4.0/rdoc.rb", true},
		{"usr/lib/ruby/*/rdoc*", "usr/lib/ruby/3.4.0/rdoc/markdown.rb", true},
		{"usr/lib/ruby/*/rdoc*", "usr/lib/ruby/gems/3.4.0/rdoc.rb", false},
		{"usr/**/*.h", "usr/include/a/b.h", true},
		{"usr/**/*.h", "usr/b.h", true},
		{"usr/**/*.h", "etc/b.h", false},
		{"**/test", "usr/lib/test/a.rb", true},
		{"**/test", "usr/lib/testing/a.rb", false},
	} {
		if got := below(test.pattern, test.name); got != test.want {
			t.Errorf("%s, %s: got %v", test.pattern, test.name, got)
		}
	}
}
