package dev.jiffy.server;

import static dev.jiffy.server.GrpcClient.INFERENCE;
import static dev.jiffy.server.GrpcClient.await;
import static dev.jiffy.server.GrpcClient.framed;
import static dev.jiffy.server.GrpcClient.names;
import static dev.jiffy.server.GrpcClient.reply;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferResponse;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.InferWire;
import dev.jiffy.protocol.Limits;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.protocol.RequestedOutput;
import dev.jiffy.protocol.SharedRange;
import dev.jiffy.protocol.SharedRegion;
import dev.jiffy.protocol.TraceSettings;
import dev.jiffy.server.GrpcClient.Reply;
import dev.jiffy.tensor.Tensor;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Calls over plain HTTP/2, byte by byte.
class GrpcTest {
  private static final int MAX_BODY = 100_000;

  @TempDir static Path folder;

  private static Server server;
  private static GrpcClient client;
  private static final Byte SERVING = 1;
  private static final Byte NOT_SERVING = 2;
  private static final Byte SERVICE_UNKNOWN = 3;

  private final InferWire wire = new InferWire(Limits.defaults());

  @BeforeAll
  static void start() throws IOException {
    server =
        Server.start(
            TestServers.options().http(HttpOptions.defaults().port(0).maxBodyBytes(MAX_BODY)),
            List.of(TestModels.arithmetic(folder)));
    client = new GrpcClient(server.port());
  }

  @AfterAll
  static void stop() throws Exception {
    client.close();
    server.close();
  }

  static byte[] request(String model, String id, float value) {
    InferRequest request =
        new InferRequest(
            id,
            Map.of("timing", new Parameter.Flag(true)),
            List.of(
                new InferTensor("a", Tensor.of(new float[] {value, 2, -0.5f}, 1, 3), true),
                new InferTensor("b", Tensor.of(new long[] {4}, 1), true)),
            List.of());
    return InferWire.request(new InferWire.Call(model, "", request));
  }

  @Test
  void infer() throws Exception {
    Reply reply = client.call(INFERENCE + "ModelInfer", framed(request("arith", "7", 1)));
    assertEquals("0", reply.status(), reply.message());
    InferResponse response = wire.readResponse(reply.messages().getFirst(), Arena.ofAuto());
    assertEquals("arith", response.modelName());
    assertEquals("7", response.id());
    assertEquals(new Parameter.Whole(1), response.parameters().get("batch_size"));
    assertArrayEquals(
        new float[] {-1, -2, 0.5f}, response.outputs().getFirst().tensor().toFloats());
  }

  /// {@return a frame of a compressed message}
  private static byte[] compressed(byte[] message) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(message);
    }
    byte[] frame = framed(bytes.toByteArray());
    frame[0] = 1;
    return frame;
  }

  @Test
  void compressedMessages() throws Exception {
    byte[] frame = compressed(request("arith", "7", 1));
    assertEquals(
        "0", client.call(INFERENCE + "ModelInfer", frame, "grpc-encoding", "gzip").status());
    assertEquals("12", client.call(INFERENCE + "ModelInfer", frame).status());
    frame = compressed(new byte[50 << 20]);
    assertEquals(
        "8", client.call(INFERENCE + "ModelInfer", frame, "grpc-encoding", "gzip").status());
  }

  /// What is read aside is answered in its place, also where it cannot be read.
  @Test
  void aStreamOfCompressedMessages() throws Exception {
    Random random = new Random(3);
    byte[] unknown = new byte[8192];
    random.nextBytes(unknown);
    byte[] broken = framed(unknown);
    broken[0] = 1;
    byte[] unknownField = {(byte) 0x92, 3, (byte) 0x80, 0x40};
    Buffer large =
        Buffer.buffer(request("arith", "large", 1)).appendBytes(unknownField).appendBytes(unknown);
    byte[] stream =
        Buffer.buffer(broken)
            .appendBytes(compressed(large.getBytes()))
            .appendBytes(compressed(request("arith", "small", 1)))
            .getBytes();
    Reply reply = client.call(INFERENCE + "ModelStreamInfer", stream, "grpc-encoding", "gzip");
    assertEquals("0", reply.status(), reply.message());
    List<String> said =
        reply.messages().stream().map(each -> new String(each, StandardCharsets.UTF_8)).toList();
    assertEquals(3, said.size());
    assertTrue(said.getFirst().contains("gzip"), said::getFirst);
    assertTrue(said.get(1).contains("large"), said::toString);
    assertTrue(said.get(2).contains("small"), said::toString);
  }

  @Test
  void streamsAreAnsweredInOrder() throws Exception {
    byte[][] requests = new byte[300][];
    for (int i = 0; i < requests.length; i++) {
      requests[i] = request(i % 50 == 49 ? "none" : "arith", Integer.toString(i), i);
    }
    Reply reply = client.call(INFERENCE + "ModelStreamInfer", framed(requests));
    assertEquals("0", reply.status(), reply.message());
    assertEquals(requests.length, reply.messages().size());
    for (int i = 0; i < requests.length; i++) {
      byte[] message = reply.messages().get(i);
      if (i % 50 == 49) {
        assertTrue(new String(message, StandardCharsets.UTF_8).contains("no model 'none'"));
      } else {
        InferResponse response = wire.readStreamResponse(message, Arena.ofAuto());
        assertEquals(Integer.toString(i), response.id());
        assertEquals(-(double) i, response.outputs().getFirst().tensor().getDouble(0));
      }
    }
  }

  @Test
  void aFailureOfAStreamSaysWhoseItIs() throws Exception {
    byte[] noElements = {0x3a, 0}; // raw contents of no input
    byte[] bad = Buffer.buffer(request("arith", "whose", 1)).appendBytes(noElements).getBytes();
    Reply reply = client.call(INFERENCE + "ModelStreamInfer", framed(bad));
    assertEquals("0", reply.status(), reply.message());
    String said = new String(reply.messages().getFirst(), StandardCharsets.UTF_8);
    assertTrue(said.contains("input") && said.contains("whose"), said);
  }

  /// A call's deadline is that of each of its requests, whenever it comes.
  @Test
  void aStreamHasOneDeadline() throws Exception {
    Buffer first = Buffer.buffer(framed(request("arith", "early", 1)));
    Buffer second = Buffer.buffer(framed(request("arith", "late", 1)));
    Future<Reply> asked =
        client
            .http()
            .request(HttpMethod.POST, server.port(), "127.0.0.1", INFERENCE + "ModelStreamInfer")
            .compose(request -> {
              request.putHeader("content-type", "application/grpc");
              request.setChunked(true).putHeader("grpc-timeout", "300m");
              Promise<Void> isAnswered = Promise.promise();
              Buffer whole = Buffer.buffer();
              Future<Reply> answer =
                  request
                      .response()
                      .compose(response -> {
                        response.handler(part -> {
                          whole.appendBuffer(part);
                          isAnswered.tryComplete();
                        });
                        return response.end().map(end -> reply(response, whole));
                      });
              return request
                  .write(first)
                  .compose(sent -> isAnswered.future())
                  .compose(begun -> client.vertx().timer(600, TimeUnit.MILLISECONDS))
                  .compose(late -> request.end(second))
                  .compose(sent -> answer);
            });
    Reply reply = await(asked);
    assertEquals("0", reply.status(), reply.message());
    String last = new String(reply.messages().getLast(), StandardCharsets.UTF_8);
    assertTrue(last.contains("deadline") && last.contains("late"), last);
  }

  @Test
  void healthIsWatchedUntilTheServerGoes() throws Exception {
    BlockingQueue<Byte> told = new LinkedBlockingQueue<>();
    BlockingQueue<Byte> toldOfAnother = new LinkedBlockingQueue<>();
    Server own = Server.listening(TestServers.options(), List.of());
    try {
      Future<String> status = watch(own, new byte[0], told);
      Future<String> another = watch(own, names("another.Service"), toldOfAnother);
      assertEquals(NOT_SERVING, told.poll(60, TimeUnit.SECONDS));
      assertEquals(SERVICE_UNKNOWN, toldOfAnother.poll(60, TimeUnit.SECONDS));
      own.warmUp();
      assertEquals(SERVING, told.poll(60, TimeUnit.SECONDS));
      own.close();
      for (BlockingQueue<Byte> each : List.of(told, toldOfAnother)) {
        assertEquals(NOT_SERVING, each.poll(60, TimeUnit.SECONDS));
      }
      for (Future<String> each : List.of(status, another)) {
        assertEquals("14", await(each));
      }
    } finally {
      own.close();
    }
  }

  /// {@return the status with which a call that watches a service ends}
  private static Future<String> watch(Server server, byte[] service, BlockingQueue<Byte> told) {
    return client
        .http()
        .request(HttpMethod.POST, server.port(), "127.0.0.1", "/grpc.health.v1.Health/Watch")
        .compose(request -> {
          request.putHeader("content-type", "application/grpc");
          Future<String> end =
              request
                  .response()
                  .compose(response -> {
                    response.handler(frame -> told.add(frame.getByte(frame.length() - 1)));
                    return response
                        .end()
                        .map(done -> String.valueOf(response.getTrailer("grpc-status")));
                  });
          return request.end(Buffer.buffer(framed(service))).compose(sent -> end);
        });
  }

  @ParameterizedTest
  @CsvSource({
    "ServerLive,,0",
    "ServerReady,,0",
    "ServerMetadata,,0",
    "ModelReady,arith,0",
    "ModelReady,other,0",
    "ModelMetadata,arith,0",
    "ModelMetadata,,5",
    "ModelConfig,arith,0",
    "ModelStatistics,arith,0",
    "ModelStatistics,,0",
    "ModelStatistics,other,5",
    "RepositoryIndex,,0",
    "RepositoryModelLoad,arith,7",
    "RepositoryModelUnload,arith,7",
    "TraceSetting,,0",
    "LogSettings,,12",
    "SystemSharedMemoryStatus,,12",
    "SystemSharedMemoryRegister,,12",
    "SystemSharedMemoryUnregister,,12",
    "Nonsense,,12",
  })
  void methods(String method, String name, String status) throws Exception {
    byte[] message = name == null ? new byte[0] : names(name, "1");
    Reply reply = client.call(INFERENCE + method, framed(message));
    assertEquals(status, reply.status(), reply.message());
    assertEquals(status.equals("0") ? 1 : 0, reply.messages().size());
  }

  private static boolean isReady(int port, String... model) throws Exception {
    Reply reply = client.call(port, INFERENCE + "ModelReady", framed(names(model)));
    assertEquals("0", reply.status(), reply.message());
    return reply.messages().getFirst().length > 0;
  }

  @Test
  void aModelThatIsNotThereIsNotReady() throws Exception {
    assertTrue(isReady(server.port(), "arith"));
    assertTrue(isReady(server.port(), "arith", "1"));
    assertFalse(isReady(server.port(), "arith", "2"));
    assertFalse(isReady(server.port(), "other"));
  }

  @Test
  void aRepositoryThatIsOpen(@TempDir Path models) throws Exception {
    ExampleModels.times(models.resolve("twice.onnx"), 2);
    try (Server open =
        Server.start(TestServers.options(), TestServers.storage(models).open(true))) {
      byte[] twice = framed(names("", "twice"));
      assertEquals(
          "0", client.call(open.port(), INFERENCE + "RepositoryModelUnload", twice).status());
      assertFalse(isReady(open.port(), "twice"));
      Reply loaded = client.call(open.port(), INFERENCE + "RepositoryModelLoad", twice);
      assertEquals("0", loaded.status(), loaded.message());
      assertArrayEquals(new byte[0], loaded.messages().getFirst());
      assertTrue(isReady(open.port(), "twice"));
      byte[] change = new TraceSettings("twice", Map.of("trace_rate", List.of("5"))).toWire();
      Reply changed = client.call(open.port(), INFERENCE + "TraceSetting", framed(change));
      assertEquals("0", changed.status(), changed.message());
      assertEquals(
          List.of("5"),
          TraceSettings.fromWire(changed.messages().getFirst()).values().get("trace_rate"));
      byte[] other = framed(names("", "other"));
      assertEquals(
          "5", client.call(open.port(), INFERENCE + "RepositoryModelLoad", other).status());
    }
  }

  @Test
  void sharedMemory(@TempDir Path models) throws Exception {
    Path shared = Files.createTempFile(Path.of("/dev/shm"), "jiffy-test-", "");
    try (Server sharing =
        Server.start(
            ServerOptions.defaults().http(HttpOptions.defaults().port(0)).sharing(true),
            List.of(TestModels.arithmetic(models)))) {
      Files.write(shared, new byte[64]);
      String key = "/" + shared.getFileName();
      String service = INFERENCE + "SystemSharedMemory";
      byte[] region = framed(new SharedRegion("r", key, 0, 64).toWire());
      assertEquals("0", client.call(sharing.port(), service + "Register", region).status());
      assertEquals("6", client.call(sharing.port(), service + "Register", region).status());
      byte[] status =
          client.call(sharing.port(), service + "Status", framed(names("r"))).messages().getFirst();
      assertArrayEquals(SharedRegion.toWire(List.of(new SharedRegion("r", key, 0, 64))), status);
      InferRequest request =
          new InferRequest(
              "7",
              Map.of(),
              List.of(
                  new InferTensor(
                      "a",
                      Tensor.of(new float[3], 1, 3),
                      false,
                      new SharedRange("r", 0, 12).parameters()),
                  new InferTensor("b", Tensor.of(new long[] {4}, 1), true)),
              List.of(
                  new RequestedOutput("y", new SharedRange("r", 32, 12).parameters()),
                  new RequestedOutput("c", Map.of())));
      Files.write(shared, floats(64, 1, 2, -0.5f));
      byte[] message = framed(InferWire.request(new InferWire.Call("arith", "", request)));
      Reply reply = client.call(sharing.port(), INFERENCE + "ModelInfer", message);
      assertEquals("0", reply.status(), reply.message());
      assertArrayEquals(
          floats(32, -1, -2, 0.5f), Arrays.copyOfRange(Files.readAllBytes(shared), 32, 64));
      assertEquals(
          "0", client.call(sharing.port(), service + "Unregister", framed(names())).status());
      assertEquals("3", client.call(sharing.port(), INFERENCE + "ModelInfer", message).status());
      String cuda = INFERENCE + "CudaSharedMemory";
      assertEquals("0", client.call(sharing.port(), cuda + "Unregister", framed(names())).status());
      assertEquals("12", client.call(sharing.port(), cuda + "Register", region).status());
    } finally {
      Files.delete(shared);
    }
  }

  /// {@return as many bytes, which begin with numbers}
  private static byte[] floats(int bytes, float... numbers) {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (float number : numbers) {
      buffer.putFloat(number);
    }
    return buffer.array();
  }

  @Test
  void settings() throws Exception {
    byte[] change = new TraceSettings("", Map.of("trace_rate", List.of("5"))).toWire();
    assertEquals("7", client.call(INFERENCE + "TraceSetting", framed(change)).status());
    byte[] ofArith = {18, 5, 'a', 'r', 'i', 't', 'h'};
    Reply reply = client.call(INFERENCE + "TraceSetting", framed(ofArith));
    assertEquals("0", reply.status(), reply.message());
    assertEquals(
        List.of("OFF"),
        TraceSettings.fromWire(reply.messages().getFirst()).values().get("trace_level"));
    byte[] ofNone = {18, 1, 'x'};
    assertEquals("5", client.call(INFERENCE + "TraceSetting", framed(ofNone)).status());
  }

  @Test
  void versions() throws Exception {
    Reply reply = client.call(INFERENCE + "ModelMetadata", framed(names("arith", "9")));
    assertEquals("5", reply.status());
    assertTrue(reply.message().contains("no version"), reply::message);
  }

  @Test
  void health() throws Exception {
    String check = "/grpc.health.v1.Health/Check";
    assertArrayEquals(
        new byte[] {8, 1}, client.call(check, framed(new byte[0])).messages().getFirst());
    assertEquals("5", client.call(check, framed(names("nonsense"))).status());
  }

  @Test
  void brokenCalls() throws Exception {
    String infer = INFERENCE + "ModelInfer";
    assertEquals("3", client.call(infer, new byte[0]).status());
    assertEquals("3", client.call(infer, new byte[] {0, 0, 0, 0, 9, 1}).status());
    assertEquals("3", client.call(infer, new byte[] {7, 0, 0, 0, 0}).status());
    assertEquals("3", client.call(infer, framed(new byte[] {-1, -1})).status());
    assertEquals("3", client.call(infer, framed(new byte[0], new byte[0])).status());
    assertEquals("8", client.call(infer, new byte[] {0, 127, 0, 0, 0}).status());
    assertEquals(
        "3", client.call(infer, framed(request("arith", "", 1)), "grpc-timeout", "1").status());
    assertEquals(
        "3",
        client.call(infer, framed(request("arith", "", 1)), "grpc-timeout", "123456789S").status());
    assertEquals(
        "4", client.call(infer, framed(request("arith", "", 1)), "grpc-timeout", "1n").status());
    assertEquals(
        "0",
        client.call(infer, framed(request("arith", "", 1)), "grpc-timeout", "99999999H").status());
  }

  /// Whatever comes, an answer comes back, and the next call is answered well.
  @Test
  void damagedCalls() throws Exception {
    Random random = new Random(3);
    for (int i = 0; i < 1500; i++) {
      byte[] message = request("arith", "7", 1);
      int damages = 1 + random.nextInt(3);
      for (int k = 0; k < damages; k++) {
        message[random.nextInt(message.length)] = (byte) random.nextInt();
      }
      byte[] body = framed(message);
      if (random.nextInt(4) == 0) {
        body[random.nextInt(body.length)] ^= (byte) (1 << random.nextInt(8));
      }
      Reply reply = client.call(INFERENCE + "ModelInfer", body);
      assertTrue(
          List.of("0", "3", "5", "8", "12").contains(reply.status()),
          () -> reply.status() + " " + reply.message());
    }
    assertEquals(
        "0", client.call(INFERENCE + "ModelInfer", framed(request("arith", "7", 1))).status());
  }

  @ParameterizedTest
  @CsvSource({
    "application/grpc,200",
    "application/grpc+proto,200",
    "application/grpc;charset=utf-8,200",
    "application/grpc-web,415",
    "application/grpc-web+proto,415",
    "application/grpc-web-text,415",
    "application/grpcs,415",
  })
  void typesOfCalls(String type, int status) throws Exception {
    Buffer frame = Buffer.buffer(framed(new byte[0]));
    Future<Integer> asked =
        client
            .http()
            .request(HttpMethod.POST, INFERENCE + "ServerLive")
            .compose(request -> {
              Future<Integer> answer = request.response().map(HttpClientResponse::statusCode);
              return request.putHeader("content-type", type).end(frame).compose(sent -> answer);
            });
    assertEquals(status, await(asked));
  }

  @Test
  void theSamePortSpeaksHttp2() throws Exception {
    Future<String> asked =
        client
            .http()
            .request(HttpMethod.GET, "/v2/models/arith")
            .compose(request -> {
              Future<Buffer> whole = request.response().compose(HttpClientResponse::body);
              return request.end().compose(sent -> whole);
            })
            .map(Buffer::toString);
    String body = await(asked);
    assertTrue(body.startsWith("{\"name\":\"arith\""), body);
  }
}
