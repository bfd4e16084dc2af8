package openwhisk

// handoverVariable is set by the proxy for a program that replaces it
// (whisk.HandoverVariable).
const handoverVariable = "__OW_HANDOVER"

// probeVariable is set by the proxy for a program that is only to tell whether it
// can be started here, and that it links this package. It answers with Marker on
// stdout.
const probeVariable = "__OW_PROBE"
