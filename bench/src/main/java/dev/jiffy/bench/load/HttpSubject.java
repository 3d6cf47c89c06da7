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

/// A server, asked over HTTP/1.1 by one event loop that both issues requests and reads answers.
/// Connections are opened before the run begins; one carries one request at a time.
public final class HttpSubject implements Subject {
  private final Vertx vertx =
      Vertx.vertx(
          new VertxOptions()
              .setEventLoopPoolSize(1)
              .setWorkerPoolSize(1)
              .setFileSystemOptions(
                  new FileSystemOptions()
                      .setFileCachingEnabled(false)
                      .setClassPathResolvingEnabled(false)));
  private final String name;
  private final URI server;
  private final List<HttpMessage> messages;
  private final int connections;
  private final @Nullable AnswerCheck check;

  /// @param name what to call it
  /// @param server its address
  /// @param messages the requests, at least one
  /// @param connections the most connections
  /// @param check holds answers against known ones, or null
  HttpSubject(
      String name,
      URI server,
      List<HttpMessage> messages,
      int connections,
      @Nullable AnswerCheck check) {
    this.name = name;
    this.server = server;
    this.messages = List.copyOf(messages);
    this.connections = connections;
    this.check = check;
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
    return connections;
  }

  /// {@return what happened in a run}
  ///
  /// @throws UncheckedIOException if no connection can be made before the run begins
  @Override
  public Recording run(Plan plan, IntConsumer progress) {
    CompletableFuture<Recording> result = new CompletableFuture<>();
    vertx
        .getOrCreateContext()
        .runOnContext(begin -> {
          HttpRun run = new HttpRun(vertx, server, messages, check, plan, progress, result);
          run.start(Math.max(1, Math.min(connections, plan.perQuery() * plan.queriesAtATime())));
        });
    try {
      return result.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw new UncheckedIOException(
            "cannot connect to %s: %s".formatted(server, cause.getMessage()), cause);
      }
      throw new IllegalStateException("the load generator failed", e.getCause());
    }
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }
}
