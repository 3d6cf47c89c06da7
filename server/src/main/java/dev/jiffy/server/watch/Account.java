package dev.jiffy.server.watch;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What became of one request.
///
/// @param protocol `http` or `grpc`
/// @param client the address of the client
/// @param method the method of HTTP, or of the service
/// @param path the path as it was asked for
/// @param model the model and its version, null where the request named none that there is
/// @param code the status of HTTP or of gRPC; 499, or 1 (CANCELLED), where the client had gone
/// @param receivedBytes the bytes of the request's body
/// @param sentBytes the bytes of the answer's body
/// @param ended when it ended
/// @param nanos how long it took from its arrival: where a model was asked over HTTP, that of its
///   last byte, otherwise of its head; over gRPC, of the message in a stream, otherwise of the head
/// @param stopwatch where the time went, null where no model was asked
/// @param trace the trace that the client says it belongs to, null for none
public record Account(
    String protocol,
    String client,
    String method,
    String path,
    @Nullable Target model,
    int code,
    long receivedBytes,
    long sentBytes,
    Instant ended,
    long nanos,
    @Nullable Stopwatch stopwatch,
    @Nullable TraceContext trace) {
  /// Who was asked.
  ///
  /// @param name the model's name
  /// @param version the version
  public record Target(String name, String version) {}
}
