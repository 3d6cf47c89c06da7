package dev.jiffy.server;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.InferWire;
import dev.jiffy.server.metrics.ResidentMemory;
import dev.jiffy.tensor.Tensor;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Clients of every bad habit: they give up, reset, hang up in the midst of a request or of the
/// wait for its answer, send rubbish, and set deadlines that nobody can meet.
final class Soak implements AutoCloseable {
  private static final String INFER = "/inference.GRPCInferenceService/ModelInfer";
  private static final String STREAM = "/inference.GRPCInferenceService/ModelStreamInfer";
  private static final int ROWS = 64;

  private final int port;
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
  private final HttpClientAgent http2;
  private final byte[] slowJson;
  private final byte[] slowWire;
  private final byte[] badWire;
  private final Map<String, LongAdder> seen = new ConcurrentHashMap<>();

  /// What the process holds.
  ///
  /// @param threads the threads, clients over HTTP/2 included
  /// @param files the open files, connections too
  /// @param heapBytes the heap in use
  /// @param directBytes the buffers outside the heap
  /// @param residentBytes all memory of the process
  record Held(long threads, long files, long heapBytes, long directBytes, long residentBytes) {
    static Held afterCollection() throws InterruptedException {
      for (int i = 0; i < 3; i++) {
        System.gc();
        Thread.sleep(100); // memory outside the heap is freed by a thread of its own, after that
      }
      return now();
    }

    static Held now() {
      long direct = 0;
      for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
        direct += pool.getName().equals("direct") ? pool.getMemoryUsed() : 0;
      }
      long files =
          ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
              ? unix.getOpenFileDescriptorCount()
              : 0;
      return new Held(
          Footprint.threads(),
          files,
          ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
          direct,
          ResidentMemory.bytes());
    }
  }

  Soak(int port) {
    this.port = port;
    this.http2 = GrpcClient.http2(vertx, port);
    StringBuilder json =
        new StringBuilder(
            "{\"inputs\":[{\"name\":\"x0\",\"datatype\":\"FP32\",\"shape\":[%d,256],\"data\":[0"
                .formatted(ROWS));
    json.repeat(",0", ROWS * 256 - 1).append("]}],\"outputs\":[]}");
    this.slowJson = json.toString().getBytes(StandardCharsets.ISO_8859_1);
    InferRequest request =
        new InferRequest(
            List.of(new InferTensor("x0", Tensor.of(new float[ROWS * 256], ROWS, 256), true)));
    this.slowWire = framed(InferWire.request(new InferWire.Call("slow", "", request)));
    this.badWire =
        framed(InferWire.request(new InferWire.Call("slow", "", new InferRequest(List.of()))));
  }

  private static byte[] framed(byte[] message) {
    return Buffer.buffer()
        .appendByte((byte) 0)
        .appendInt(message.length)
        .appendBytes(message)
        .getBytes();
  }

  /// {@return how many answers clients have seen, by protocol and code}
  Map<String, LongAdder> seen() {
    return seen;
  }

  private void saw(String protocol, @Nullable String code) {
    if (code != null) {
      seen.computeIfAbsent(
              "code=\"%s\",protocol=\"%s\"".formatted(code, protocol), _ -> new LongAdder())
          .increment();
    }
  }

  /// Misbehaves until a time.
  ///
  /// @return how many requests were begun
  long run(long seed, long endNanos) throws InterruptedException {
    Random random = new Random(seed);
    long begun = 0;
    while (System.nanoTime() - endNanos < 0) {
      begun++;
      switch (random.nextInt(10)) {
        case 0 ->
            post("arith", Client.GOOD.getBytes(StandardCharsets.UTF_8), "", random.nextInt(3));
        case 1 -> post("arith", "{\"inputs\":".getBytes(StandardCharsets.UTF_8), "", 0);
        case 2 -> post("slow", slowJson, "Request-Timeout: 0.0005\r\n", 0);
        case 3 -> post("slow", slowJson, "", 2);
        case 4 -> cutOff(random);
        case 5 -> call(INFER, slowWire, "50u", Long.MAX_VALUE);
        case 6 -> call(INFER, slowWire, "10S", random.nextInt(4));
        case 7 -> call(STREAM, stream(random), "10S", Long.MAX_VALUE);
        case 8 -> call(STREAM, stream(random), "10S", random.nextInt(8));
        default -> call(INFER, slowWire, "10S", Long.MAX_VALUE);
      }
    }
    return begun;
  }

  /// Sends a request, and hangs up: after the answer, half closed before it, or without waiting.
  private void post(String model, byte[] body, String header, int haste) {
    String head =
        "POST /v2/models/%s/infer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n"
            .formatted(model, header, body.length);
    try (Socket socket = connect()) {
      socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().write(body);
      if (haste == 1) {
        socket.shutdownOutput();
      }
      if (haste < 2) {
        InputStream in = socket.getInputStream();
        byte[] status = in.readNBytes(12);
        in.transferTo(OutputStream.nullOutputStream());
        if (status.length == 12) {
          saw("http", new String(status, 9, 3, StandardCharsets.ISO_8859_1));
        }
      }
    } catch (IOException e) {
      // the server may hang up first
    }
  }

  /// Hangs up somewhere within a request.
  private void cutOff(Random random) {
    byte[] whole =
        ("POST /v2/models/slow/infer HTTP/1.1\r\nHost: x\r\nContent-Length: "
                + slowJson.length
                + "\r\n\r\n{\"inputs\":[")
            .getBytes(StandardCharsets.ISO_8859_1);
    try (Socket socket = connect()) {
      socket.getOutputStream().write(whole, 0, random.nextInt(whole.length));
      if (random.nextBoolean()) {
        socket.setSoLinger(true, 0); // a reset
      }
    } catch (IOException e) {
      // the server may hang up first
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(30_000);
    return socket;
  }

  /// {@return some requests of a stream, at times with one that fits no model, or with rubbish
  /// behind them, which ends the stream}
  private byte[] stream(Random random) {
    Buffer all = Buffer.buffer();
    int count = 1 + random.nextInt(8);
    for (int i = 0; i < count; i++) {
      all.appendBytes(random.nextInt(5) == 0 ? badWire : slowWire);
    }
    return random.nextInt(4) == 0 ? all.appendByte((byte) 9).getBytes() : all.getBytes();
  }

  /// Calls over gRPC, and gives up after some milliseconds.
  private void call(String path, byte[] body, String timeout, long patienceMillis)
      throws InterruptedException {
    try {
      HttpClientRequest request =
          http2
              .request(HttpMethod.POST, path)
              .toCompletionStage()
              .toCompletableFuture()
              .get(30, TimeUnit.SECONDS);
      request.putHeader("content-type", "application/grpc").putHeader("grpc-timeout", timeout);
      Future<?> answer =
          request
              .response()
              .compose(response ->
                  response
                      .body()
                      .onSuccess(whole -> {
                        String status = response.getTrailer("grpc-status");
                        saw("grpc", status == null ? response.getHeader("grpc-status") : status);
                      }));
      request.end(Buffer.buffer(body));
      try {
        answer
            .toCompletionStage()
            .toCompletableFuture()
            .get(Math.min(30_000, patienceMillis), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        request.reset(8);
      }
    } catch (ExecutionException | TimeoutException e) {
      // the connection may be reset by another call's misdeeds
    }
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
