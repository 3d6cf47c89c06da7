/// gRPC over the event loops' HTTP/2: messages in their frames, deadlines, status codes and
/// trailers, for `inference.GRPCInferenceService` and `grpc.health.v1.Health`.
///
/// Source: the gRPC protocol over HTTP/2 (`PROTOCOL-HTTP2.md` of gRPC).
package dev.jiffy.server.grpc;
