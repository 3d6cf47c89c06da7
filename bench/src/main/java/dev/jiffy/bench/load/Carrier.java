package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Outcome;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.StreamResetException;
import java.math.BigDecimal;

/// How requests travel to a server.
enum Carrier {
  /// HTTP/1.1: a connection carries one request at a time.
  HTTP {
    @Override
    void limit(HttpClientRequest request, long nanos) {
      request.putHeader("request-timeout", BigDecimal.valueOf(nanos, 9).toPlainString());
    }

    @Override
    Outcome outcome(HttpClientResponse response) {
      return Outcome.ofStatus(response.statusCode());
    }
  },
  /// Unary calls of gRPC over HTTP/2: a connection carries many at a time.
  GRPC {
    @Override
    HttpClientOptions options(boolean isSecure) {
      return super.options(isSecure)
          .setProtocolVersion(HttpVersion.HTTP_2)
          .setHttp2ClearTextUpgrade(false)
          .setUseAlpn(isSecure)
          .setHttp2KeepAliveTimeout(0)
          .setInitialSettings(new Http2Settings().setInitialWindowSize(STREAM_WINDOW))
          .setHttp2ConnectionWindowSize(CONNECTION_WINDOW);
    }

    @Override
    void prepare(RequestOptions request, long timeoutNanos) {
      request.putHeader("content-type", "application/grpc");
      request.putHeader("te", "trailers");
      request.putHeader("grpc-timeout", timeout(timeoutNanos));
    }

    @Override
    void limit(HttpClientRequest request, long nanos) {
      request.putHeader("grpc-timeout", timeout(nanos));
    }

    @Override
    Outcome outcome(HttpClientResponse response) {
      if (response.statusCode() != 200) {
        return Outcome.ofStatus(response.statusCode());
      }
      String status = response.getTrailer(STATUS);
      String known = status == null ? response.getHeader(STATUS) : status;
      return known == null || !known.matches("\\d{1,2}")
          ? Outcome.BROKEN
          : Outcome.ofGrpcStatus(Integer.parseInt(known));
    }

    @Override
    boolean isOnlyStream(Throwable failure) {
      return failure instanceof StreamResetException;
    }
  };

  /// The error code of HTTP/2 with which a stream is given up (RFC 9113).
  static final long CANCEL = 8;

  private static final String STATUS = "grpc-status";
  private static final int STREAM_WINDOW = 4 << 20;
  private static final int CONNECTION_WINDOW = 16 << 20;
  private static final int CONNECT_MILLIS = 10_000;
  private static final long MOST_TIMEOUT = 99_999_999;

  /// {@return the options of a client}
  ///
  /// @param isSecure whether over TLS
  HttpClientOptions options(boolean isSecure) {
    return new HttpClientOptions()
        .setSsl(isSecure)
        .setVerifyHost(isSecure)
        .setTcpNoDelay(true)
        .setKeepAliveTimeout(0)
        .setConnectTimeout(CONNECT_MILLIS);
  }

  /// Adds the headers that every request has.
  ///
  /// @param request the request
  /// @param timeoutNanos how long it may take
  void prepare(RequestOptions request, long timeoutNanos) {}

  /// Tells the server how long an answer is worth waiting for.
  ///
  /// @param request the request, not yet sent
  /// @param nanos how long, at least 1
  abstract void limit(HttpClientRequest request, long nanos);

  /// {@return how a request ended}
  ///
  /// @param response its response, which has arrived to its end
  abstract Outcome outcome(HttpClientResponse response);

  /// {@return whether a request's failure leaves its connection as it was}
  ///
  /// @param failure the failure
  boolean isOnlyStream(Throwable failure) {
    return false;
  }

  /// {@return the value of the header `grpc-timeout`: at most eight digits and a unit}
  ///
  /// @param nanos the time, at least 1
  static String timeout(long nanos) {
    long unit = 1;
    String name = "n";
    for (String coarser : new String[] {"u", "m", "S"}) {
      if (nanos / unit > MOST_TIMEOUT) {
        unit *= 1000;
        name = coarser;
      }
    }
    return Math.min(MOST_TIMEOUT, nanos / unit) + name;
  }
}
