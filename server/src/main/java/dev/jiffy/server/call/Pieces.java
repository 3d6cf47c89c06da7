package dev.jiffy.server.call;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;

/// Sends large answers piece by piece, so that it shows whether a client reads at all.
public final class Pieces {
  /// The length of a piece.
  public static final int BYTES = 64 << 10;

  private Pieces() {}

  /// Sends some of an answer.
  ///
  /// @param response the answer
  /// @param some what is sent of it
  /// @param sent is run whenever a piece was sent
  public static void write(HttpServerResponse response, Buffer some, Runnable sent) {
    int at = allButLast(response, some, sent);
    response.write(rest(some, at)).onSuccess(done -> sent.run());
  }

  /// Sends the last of an answer; if that is more than a piece, its head must say how long it is.
  ///
  /// @param response the answer
  /// @param last what is left of it
  /// @param sent is run whenever a piece was sent, but for the last one
  /// @return done when all of it was sent
  public static Future<Void> end(HttpServerResponse response, Buffer last, Runnable sent) {
    int at = allButLast(response, last, sent);
    return response.end(rest(last, at));
  }

  private static int allButLast(HttpServerResponse response, Buffer all, Runnable sent) {
    int at = 0;
    for (; all.length() - at > BYTES; at += BYTES) {
      response.write(all.slice(at, at + BYTES)).onSuccess(done -> sent.run());
    }
    return at;
  }

  private static Buffer rest(Buffer all, int at) {
    return at == 0 ? all : all.slice(at, all.length());
  }
}
