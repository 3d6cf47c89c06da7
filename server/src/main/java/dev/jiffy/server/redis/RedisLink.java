package dev.jiffy.server.redis;

import dev.jiffy.server.cache.RedisOptions;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// The connection to a Redis server: made when it is needed, and another one when it has broken.
/// Making it takes longer than a request may wait, and has a time of its own. Belongs to one event
/// loop.
final class RedisLink {
  private final Vertx vertx;
  private final RedisOptions options;
  private final int mostWaiting;
  private final long connectMillis;
  private final Told told;
  private boolean isClosed;
  private int generation;
  private @Nullable Redis client;
  private long connections;
  private @Nullable Future<RedisConnection> connection;

  /// Who is told what becomes of connections.
  interface Told {
    /// A connection was made.
    void connected();

    /// One could not be made.
    ///
    /// @param cause why
    void notConnected(Throwable cause);
  }

  /// @param mostWaiting the most requests that wait for their answers at a time
  /// @param connectMillis how long making a connection may take, with all that is said then
  RedisLink(Vertx vertx, RedisOptions options, int mostWaiting, long connectMillis, Told told) {
    this.vertx = vertx;
    this.options = options;
    this.mostWaiting = mostWaiting;
    this.connectMillis = connectMillis;
    this.told = told;
  }

  /// {@return a number that grows whenever a connection is made or given up: what was asked before
  /// and fails then is no news}
  int generation() {
    return generation;
  }

  /// {@return whether there is a connection}
  boolean isConnected() {
    return connection != null && connection.isComplete();
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
                  .setNetClientOptions(
                      new NetClientOptions().setConnectTimeout((int) connectMillis)));
      client = redis;
    }
    connections++;
    long number = connections;
    Promise<RedisConnection> fresh = Promise.promise();
    connection = fresh.future();
    long timer =
        vertx.setTimer(
            connectMillis,
            late -> {
              if (isCurrent(number)) {
                drop();
              }
              failed(number, fresh, new TimeoutException());
            });
    redis
        .connect()
        .onComplete(made -> {
          vertx.cancelTimer(timer);
          take(number, fresh, made);
        });
    return fresh.future();
  }

  private void take(
      long number, Promise<RedisConnection> fresh, AsyncResult<RedisConnection> made) {
    if (made.failed()) {
      failed(number, fresh, made.cause());
      return;
    }
    RedisConnection open = made.result();
    if (!isCurrent(number)) { // it was given up meanwhile
      var _ = open.close();
      fresh.tryFail("closed");
      return;
    }
    open.exceptionHandler(e -> forget(number));
    open.endHandler(end -> forget(number));
    generation++;
    told.connected();
    fresh.complete(open);
  }

  private void failed(long number, Promise<RedisConnection> fresh, Throwable cause) {
    if (isCurrent(number)) {
      connection = null;
      told.notConnected(cause);
    }
    fresh.tryFail(cause);
  }

  private boolean isCurrent(long number) {
    return connection != null && connections == number;
  }

  private void forget(long number) {
    if (isCurrent(number)) {
      connection = null;
    }
  }

  /// Gives the connection up, with all that waits on it. One that is being made is not: whoever has
  /// waited for it in vain says nothing of it.
  void hangUp() {
    generation++;
    if (connection == null || isConnected()) {
      connection = null;
      drop();
    }
  }

  private void drop() {
    Redis open = client;
    client = null;
    if (open != null) {
      var _ = open.close();
    }
  }

  /// Hangs up for good: what is sent then fails.
  void close() {
    isClosed = true;
    generation++;
    connection = null;
    drop();
  }
}
