package dev.jiffy.server.http;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.Secret;
import dev.jiffy.server.grpc.GrpcEdge;
import dev.jiffy.server.guard.ApiKeys;
import dev.jiffy.server.guard.Pages;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.HostAndPort;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What whoever reaches a port may do.
///
/// @param token what every request must bring, null for nothing
/// @param keys one of which every request must bring, save for those for health, where there is no
///   token; null for none. What describes the interface tells nothing of this server, and needs
///   neither
/// @param mayChange whether models may be loaded and unloaded and settings changed, and reasons are
///   told
/// @param checksPages whether pages of browsers are refused that are not of this machine: whoever
///   reaches the port may do more than ask
public record Access(
    @Nullable Secret token, @Nullable ApiKeys keys, boolean mayChange, boolean checksPages) {
  private static final String HEALTH = "/v2/health/";
  private static final Set<String> PUBLIC = Set.of("/docs", "/openapi.json", "/openapi.yaml");
  private static final String SCHEME = "Bearer ";

  /// {@return whether a request brings what is asked for}
  boolean allows(HttpServerRequest request) {
    if (PUBLIC.contains(Sender.path(request))) {
      return true;
    }
    String header = request.getHeader(HttpHeaders.AUTHORIZATION);
    if (token != null) {
      return header != null
          && header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
          && token.matches(header.substring(SCHEME.length()).strip());
    }
    return keys == null
        || isForHealth(request)
        || keys.admit(header, request.getHeader(ApiKeys.HEADER));
  }

  /// Checks that no page of another site asks.
  ///
  /// @throws ProtocolException of status 403 if one does
  void checkPage(HttpServerRequest request) {
    if (checksPages) {
      Pages.check(request.getHeader(HttpHeaders.ORIGIN), authority(request));
    }
  }

  private static @Nullable String authority(HttpServerRequest request) {
    if (request.version() != HttpVersion.HTTP_2) {
      return request.getHeader(HttpHeaders.HOST);
    }
    HostAndPort asked = request.authority();
    return asked == null ? null : asked.toString();
  }

  private static boolean isForHealth(HttpServerRequest request) {
    String path = Sender.path(request);
    return path.startsWith(HEALTH) || (GrpcEdge.isCall(request) && GrpcEdge.isForHealth(path));
  }
}
