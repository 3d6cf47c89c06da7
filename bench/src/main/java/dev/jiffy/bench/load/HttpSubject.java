package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Recording;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A server, asked over HTTP by one event loop that both issues requests and reads answers.
/// Connections are opened before the run begins. One of HTTP/1.1 carries one request at a time;
/// those of gRPC share the calls.
public final class HttpSubject implements Subject {
  private final Vertx vertx = oneLoop();
  private final String name;
  private final URI server;
  private final List<HttpMessage> messages;
  private final Carrier carrier;
  private final int slots;
  private final int connections;
  private final @Nullable AnswerCheck check;

  /// @param name what to call it
  /// @param server its address
  /// @param messages the requests, at least one
  /// @param carrier how they travel
  /// @param slots the most requests under way
  /// @param connections the connections that share them, where one carries several
  /// @param check holds answers against known ones, or null
  HttpSubject(
      String name,
      URI server,
      List<HttpMessage> messages,
      Carrier carrier,
      int slots,
      int connections,
      @Nullable AnswerCheck check) {
    this.name = name;
    this.server = server;
    this.messages = List.copyOf(messages);
    this.carrier = carrier;
    this.slots = slots;
    this.connections = connections;
    this.check = check;
  }

  /// {@return an event loop that reads nothing but the network}
  static Vertx oneLoop() {
    return Vertx.vertx(
        new VertxOptions()
            .setEventLoopPoolSize(1)
            .setWorkerPoolSize(1)
            .setFileSystemOptions(
                new FileSystemOptions()
                    .setFileCachingEnabled(false)
                    .setClassPathResolvingEnabled(false)));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int samples() {
    return messages.size();
  }

  @Override
  public int slots() {
    return slots;
  }

  @Override
  public void check(Plan plan) {
    if (plan.perQuery() > slots) {
      throw new IllegalArgumentException(
          "queries of %d requests, issued together, need at least as many connections, got %d"
              .formatted(plan.perQuery(), slots));
    }
  }

  /// {@return what happened in a run}
  ///
  /// @throws UncheckedIOException if no connection can be made before the run begins
  /// @throws IllegalArgumentException if the plan's schedule is too long, or a query of it has more
  ///   requests than may be under way
  @Override
  public Recording run(Plan plan, IntConsumer progress) {
    check(plan);
    CompletableFuture<Recording> result = new CompletableFuture<>();
    vertx
        .getOrCreateContext()
        .runOnContext(begin -> {
          try {
            HttpRun run =
                new HttpRun(vertx, server, carrier, messages, check, plan, progress, result);
            int most = Math.max(1, Math.min(slots, plan.perQuery() * plan.queriesAtATime()));
            run.start(most, carrier == Carrier.HTTP ? most : Math.min(most, connections));
          } catch (Throwable e) { // whoever waits for the recording is told
            result.completeExceptionally(e);
          }
        });
    try {
      return result.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw new UncheckedIOException(
            "cannot connect to %s: %s".formatted(server, cause.getMessage()), cause);
      }
      if (e.getCause() instanceof IllegalArgumentException cause) {
        throw cause;
      }
      throw new IllegalStateException("the load generator failed", e.getCause());
    }
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }
}
