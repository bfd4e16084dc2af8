//go:build !linux

package dev

import (
	"context"
	"errors"
)

func (s *session) buildLocal(context.Context) (image, error) {
	return nil, errors.New("--local needs Linux, which the proxy is for: start a Docker Engine; a Go action runs by itself, with go run")
}
