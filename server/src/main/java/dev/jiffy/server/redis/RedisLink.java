package dev.jiffy.server.redis;

import dev.jiffy.server.cache.RedisOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import org.jspecify.annotations.Nullable;

/// The connection to a Redis server: made when it is needed, and another one when it has broken.
/// Belongs to one event loop.
final class RedisLink {
  private static final int CONNECT_MILLIS = 1000;

  private final Vertx vertx;
  private final RedisOptions options;
  private final int mostWaiting;
  private boolean isClosed;
  private int generation;
  private long connections;
  private @Nullable Redis client;
  private @Nullable Future<RedisConnection> connection;

  /// @param mostWaiting the most requests that wait for their answers at a time
  RedisLink(Vertx vertx, RedisOptions options, int mostWaiting) {
    this.vertx = vertx;
    this.options = options;
    this.mostWaiting = mostWaiting;
  }

  /// {@return a number that grows whenever a connection is given up: what fails on it then is no
  /// news}
  int generation() {
    return generation;
  }

  /// Connects, where that is not so.
  void connect() {
    var _ = connected();
  }

  /// {@return the answer to a request}
  Future<@Nullable Response> send(Request request) {
    return connected().compose(open -> open.send(request));
  }

  private Future<RedisConnection> connected() {
    if (isClosed) {
      return Future.failedFuture("closed");
    }
    Future<RedisConnection> open = connection;
    if (open != null) {
      return open;
    }
    Redis redis = client;
    if (redis == null) {
      redis =
          Redis.createClient(
              vertx,
              new io.vertx.redis.client.RedisOptions()
                  .setConnectionString(options.uri().toString())
                  .setMaxPoolSize(1)
                  .setMaxWaitingHandlers(mostWaiting)
                  .setNetClientOptions(new NetClientOptions().setConnectTimeout(CONNECT_MILLIS)));
      client = redis;
    }
    connections++;
    long number = connections;
    Future<RedisConnection> fresh = redis.connect();
    connection = fresh;
    fresh
        .onSuccess(made -> {
          made.exceptionHandler(e -> forget(number));
          made.endHandler(end -> forget(number));
        })
        .onFailure(e -> forget(number));
    return fresh;
  }

  private void forget(long number) {
    if (connections == number) {
      connection = null;
    }
  }

  /// Gives the connection up, with all that waits on it.
  void hangUp() {
    generation++;
    Redis open = client;
    client = null;
    connection = null;
    if (open != null) {
      var _ = open.close();
    }
  }

  /// Hangs up for good: what is sent then fails.
  void close() {
    isClosed = true;
    hangUp();
  }
}
