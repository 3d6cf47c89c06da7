package dev.jiffy.server.http;

import dev.jiffy.server.Secret;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/// What whoever reaches a port may do.
///
/// @param token what every request must bring, null for nothing
/// @param mayChange whether models may be loaded and unloaded, and reasons are told
public record Access(@Nullable Secret token, boolean mayChange) {
  private static final String SCHEME = "Bearer ";

  /// {@return whether a request brings the token, where one is asked for}
  boolean allows(HttpServerRequest request) {
    if (token == null) {
      return true;
    }
    String header = request.getHeader(HttpHeaders.AUTHORIZATION);
    return header != null
        && header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        && token.matches(header.substring(SCHEME.length()).strip());
  }
}
