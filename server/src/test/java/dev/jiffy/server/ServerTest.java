package dev.jiffy.server;

import static dev.jiffy.server.Client.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.protocol.InferReader;
import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferResponse;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.InferWriter;
import dev.jiffy.protocol.Limits;
import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.ModelMetadata;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.protocol.ServerMetadata;
import dev.jiffy.server.schedule.Policy;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ServerTest {
  private static final String INFER = "/v2/models/arith/infer";
  private static final int MAX_BODY = 100_000;

  @RegisterExtension
  static final Running RUNNING =
      new Running(
          TestServers.options()
              .http(HttpOptions.defaults().port(0).eventLoops(2).maxBodyBytes(MAX_BODY))
              .policy(Policy.defaults().instances(2)),
          TestModels::arithmetic,
          TestModels::texts);

  @Test
  void health() throws Exception {
    assertEquals("{\"live\":true}", text(RUNNING.client().get("/v2/health/live")));
    assertEquals("{\"ready\":true}", text(RUNNING.client().get("/v2/health/ready")));
    assertEquals(
        "{\"name\":\"arith\",\"ready\":true}",
        text(RUNNING.client().get("/v2/models/arith/ready")));
    HttpResponse<byte[]> head = RUNNING.client().send("HEAD", "/v2/health/ready", new byte[0]);
    assertEquals(200, head.statusCode());
    assertEquals(0, head.body().length);
  }

  @Test
  void metadata() throws Exception {
    ServerMetadata about = ServerMetadata.fromJson(RUNNING.client().get("/v2").body());
    assertEquals("jiffy", about.name());
    assertEquals(
        List.of(
            "binary_tensor_data",
            "classification",
            "model_configuration",
            "parameters",
            "schedule_policy",
            "statistics"),
        about.extensions());
    ModelMetadata model = ModelMetadata.fromJson(RUNNING.client().get("/v2/models/arith").body());
    assertEquals("arith", model.name());
    assertEquals(List.of("1"), model.versions());
    assertEquals(List.of(-1L, 3L), model.inputs().getFirst().shape());
    assertEquals(
        model, ModelMetadata.fromJson(RUNNING.client().get("/v2/models/arith/versions/1").body()));
  }

  @ParameterizedTest
  @CsvSource({
    "GET,/,404",
    "GET,/v3,404",
    "GET,/v2/models,404",
    "GET,/v2/models/other,404",
    "GET,/v2/models/other/ready,404",
    "GET,/v2/models/arith/versions/2,404",
    "GET,/v2/models/arith/versions,404",
    "GET,/v2/models/arith/versions/1/infer/more,404",
    "GET,/v2/models/arith/other,404",
    "GET,/v2/models/..%2f..%2fetc,404",
    "GET,/v2/models/%e4,404",
    "POST,/v2/models/other/infer,404",
    "GET,/v2/models/arith/infer,405",
    "PUT,/v2/models/arith/infer,405",
    "POST,/v2,405",
    "DELETE,/v2/health/live,405",
    "GET,/v1/embeddings,405",
    "POST,/v1/models,405",
  })
  void pathsAndMethodsThatAreNot(String method, String path, int status) throws Exception {
    HttpResponse<byte[]> response = RUNNING.client().send(method, path, new byte[0]);
    assertEquals(status, response.statusCode(), text(response));
    assertTrue(text(response).contains("\"error\":"), text(response));
    assertEquals(status == 405, response.headers().firstValue("allow").isPresent());
  }

  @Test
  void json() throws Exception {
    RUNNING.client().checkThatTheServerAnswers();
    HttpResponse<byte[]> some =
        RUNNING
            .client()
            .post(
                "/v2/models/ari%74h/versions/1/infer",
                """
                {"inputs":[{"name":"a","shape":[2,3],"datatype":"FP32","data":[[1,2,3],[4,5,6]]},
                           {"name":"b","shape":[2],"datatype":"INT64","data":[8,9]}],
                 "outputs":[{"name":"c"}]}\
                """,
                "Content-Type",
                "application/x-www-form-urlencoded");
    assertEquals(
        """
        {"model_name":"arith","model_version":"1","outputs":[\
        {"name":"c","datatype":"FP32","shape":[2],"data":[8.0,9.0]}]}\
        """,
        text(some));
    String timing = some.headers().firstValue("server-timing").orElseThrow();
    assertTrue(
        timing.matches("(queue;dur=[0-9.]+, )?decode;dur=.*, compute;dur=.*, encode;dur=.*"),
        timing);
  }

  private static HttpResponse<byte[]> send(InferRequest request) throws Exception {
    Message message = InferWriter.request(request);
    return RUNNING
        .client()
        .send(
            "POST",
            INFER,
            message.body(),
            Message.JSON_LENGTH_HEADER,
            Integer.toString(message.jsonLength()),
            "Content-Type",
            message.contentType());
  }

  private static InferResponse infer(InferRequest request) throws Exception {
    HttpResponse<byte[]> response = send(request);
    assertEquals(200, response.statusCode(), text(response));
    int length =
        Message.jsonLength(
            response.headers().firstValue(Message.JSON_LENGTH_HEADER).orElse(null),
            response.body().length);
    return new InferReader(Limits.defaults()).response(response.body(), length, Arena.ofAuto());
  }

  @ParameterizedTest
  @CsvSource({"true,true,true", "true,false,false", "false,true,true", "true,true,false"})
  void binary(boolean first, boolean second, boolean output) throws Exception {
    Map<String, Parameter> parameters =
        output ? Map.of(InferRequest.BINARY, new Parameter.Flag(true)) : Map.of();
    InferResponse response =
        infer(
            new InferRequest(
                "i",
                parameters,
                List.of(
                    new InferTensor("b", Tensor.of(new long[] {1, -2}, 2), second),
                    new InferTensor("a", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3), first)),
                List.of()));
    assertEquals("i", response.id());
    assertArrayEquals(
        new float[] {-1, -2, -3, -4, -5, -6}, response.outputs().get(0).tensor().toFloats());
    assertArrayEquals(new float[] {1, -2}, response.outputs().get(1).tensor().toFloats());
    assertEquals(output, response.outputs().get(0).binary());
  }

  @Test
  void notANumberTravelsInBinaryOnly() throws Exception {
    Tensor nan = Tensor.of(new float[] {Float.NaN, 1, Float.POSITIVE_INFINITY}, 1, 3);
    List<InferTensor> inputs =
        List.of(
            new InferTensor("a", nan, true),
            new InferTensor("b", Tensor.of(new long[] {1}, 1), true));
    InferResponse response =
        infer(
            new InferRequest(
                null, Map.of(InferRequest.BINARY, new Parameter.Flag(true)), inputs, List.of()));
    assertArrayEquals(
        new float[] {Float.NaN, -1, Float.NEGATIVE_INFINITY},
        response.outputs().getFirst().tensor().toFloats());
    HttpResponse<byte[]> refused = send(new InferRequest(inputs));
    assertEquals(400, refused.statusCode());
    assertTrue(text(refused).contains("ask for binary data"), text(refused));
  }

  record Broken(int status, String says, String body, List<String> headers) {
    Broken(int status, String says, String body, String... headers) {
      this(status, says, body, List.of(headers));
    }

    @Override
    public String toString() {
      return status + " " + says;
    }
  }

  private static String inputs(String a, String b) {
    return """
    {"inputs":[{"name":"a","shape":%s},{"name":"b","shape":%s}]}\
    """
        .formatted(a, b);
  }

  static List<Broken> broken() {
    String b = "[1],\"datatype\":\"INT64\",\"data\":[4]";
    String header = Message.JSON_LENGTH_HEADER;
    return List.of(
        new Broken(400, "empty", ""),
        new Broken(400, "not valid JSON", "{\"inputs\":"),
        new Broken(400, "expected close marker for Array\"}", "{\"inputs\":["),
        new Broken(400, "expected ']'\"}", "{\"inputs\":[}"),
        new Broken(400, "not valid JSON", "\u0000\u00ff"),
        new Broken(400, "lacks 'inputs'", "{}"),
        new Broken(400, "input 'a' is missing", "{\"inputs\":[]}"),
        new Broken(400, "too deeply", "{\"x\":" + "[".repeat(50_000)),
        new Broken(
            400,
            "must be FP32, got FP64",
            inputs("[1,3],\"datatype\":\"FP64\",\"data\":[1,2,3]", b)),
        new Broken(
            400,
            "must have shape [n, 3], got [1, 2]",
            inputs("[1,2],\"datatype\":\"FP32\",\"data\":[1,2]", b)),
        new Broken(
            400,
            "must have shape [n, 3], got [3]",
            inputs("[3],\"datatype\":\"FP32\",\"data\":[1,2,3]", b)),
        new Broken(400, "got -1", inputs("[-1,3],\"datatype\":\"FP32\",\"data\":[1,2,3]", b)),
        new Broken(
            400, "room for", inputs("[2147483647,3],\"datatype\":\"FP32\",\"data\":[1,2,3]", b)),
        new Broken(
            400,
            "2^63",
            inputs("[2147483647,2147483647,2147483647],\"datatype\":\"FP32\",\"data\":[1]", b)),
        new Broken(
            400,
            "has no input 'd'",
            """
            {"inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","data":[1,2,3]},
              {"name":"b","shape":[1],"datatype":"INT64","data":[4]},
              {"name":"d","shape":[1],"datatype":"INT64","data":[4]}]}\
            """),
        new Broken(
            400,
            "has no output 'z'",
            """
            {"inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","data":[1,2,3]},
              {"name":"b","shape":[1],"datatype":"INT64","data":[4]}],"outputs":[{"name":"z"}]}\
            """),
        new Broken(
            400,
            "has no output '" + "z".repeat(63) + "…'",
            """
            {"inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","data":[1,2,3]},
              {"name":"b","shape":[1],"datatype":"INT64","data":[4]}],"outputs":[{"name":"%s"}]}\
            """
                .formatted("z".repeat(63) + "\ud83d\ude00")),
        new Broken(400, "0 to the body's 2 bytes", "{}", header, "3"),
        new Broken(400, "0 to the body's 2 bytes", "{}", header, "-1"),
        new Broken(400, "0 to the body's 2 bytes", "{}", header, "x"),
        new Broken(400, "needs a model of one numeric input", "{}", header, "0"),
        new Broken(400, "left behind", "{\"inputs\":[]}XYZ", header, "13"),
        new Broken(
            400,
            "bytes that the body has left",
            inputs("[1,3],\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":12}", b)),
        new Broken(413, "larger than 100000 bytes", "[" + "1,".repeat(MAX_BODY)),
        new Broken(415, "application/json", "{}", "Content-Type", "multipart/form-data"),
        new Broken(415, "encoding", "{}", "Content-Encoding", "br"));
  }

  @ParameterizedTest
  @MethodSource
  void broken(Broken broken) throws Exception {
    HttpResponse<byte[]> response =
        RUNNING.client().post(INFER, broken.body(), broken.headers().toArray(String[]::new));
    assertEquals(broken.status(), response.statusCode(), text(response));
    assertTrue(text(response).startsWith("{\"error\":\""), text(response));
    assertTrue(text(response).contains(broken.says()), text(response));
    RUNNING.client().checkThatTheServerAnswers();
  }

  @Test
  void rawBodies() throws Exception {
    String path = "/v2/models/texts/infer";
    byte[] body = {2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0};
    HttpResponse<byte[]> response =
        RUNNING.client().send("POST", path, body, Message.JSON_LENGTH_HEADER, "0");
    assertEquals(200, response.statusCode(), text(response));
    int json =
        Message.jsonLength(
            response.headers().firstValue(Message.JSON_LENGTH_HEADER).orElseThrow(),
            response.body().length);
    try (Arena arena = Arena.ofConfined()) {
      Tensor vectors =
          new InferReader(Limits.defaults())
              .response(response.body(), json, arena)
              .outputs()
              .getFirst()
              .tensor();
      assertEquals(Shape.of(1, 2, 2), vectors.shape());
      assertArrayEquals(new float[] {0, 2, 3, 0}, vectors.toFloats());
    }
    for (int bytes : new int[] {1, 7, 9}) {
      response =
          RUNNING.client().send("POST", path, new byte[bytes], Message.JSON_LENGTH_HEADER, "0");
      assertEquals(400, response.statusCode());
      assertTrue(text(response).contains("does not decide the shape"), text(response));
    }
  }

  @Test
  void compressed() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write("{\"inputs\":[]}".getBytes(StandardCharsets.UTF_8));
    }
    HttpResponse<byte[]> response =
        RUNNING.client().send("POST", INFER, bytes.toByteArray(), "Content-Encoding", "gzip");
    assertTrue(text(response).contains("is missing"), text(response));
  }

  @Test
  void compressedBombsAreTooLarge() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(new byte[50 << 20]);
    }
    assertTrue(bytes.size() < MAX_BODY);
    HttpResponse<byte[]> response =
        RUNNING.client().send("POST", INFER, bytes.toByteArray(), "Content-Encoding", "gzip");
    assertEquals(413, response.statusCode(), text(response));
    RUNNING.client().checkThatTheServerAnswers();
  }

  @Test
  void everyRequestGetsItsOwnAnswer() throws Exception {
    List<Future<Integer>> clients = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (int thread = 0; thread < 8; thread++) {
        int first = thread * 1000;
        clients.add(
            threads.submit(() -> {
              int right = 0;
              for (int i = first; i < first + 100; i++) {
                float[] a = new float[3 * (1 + i % 5)];
                a[0] = i;
                InferResponse response =
                    infer(
                        new InferRequest(
                            Integer.toString(i),
                            Map.of(),
                            List.of(
                                new InferTensor("a", Tensor.of(a, 1 + i % 5, 3), i % 2 == 0),
                                new InferTensor(
                                    "b", Tensor.of(new long[1 + i % 5], 1 + i % 5), false)),
                            List.of()));
                if (Integer.toString(i).equals(response.id())
                    && response.outputs().getFirst().tensor().getDouble(0) == -i) {
                  right++;
                }
              }
              return right;
            }));
      }
      for (Future<Integer> each : clients) {
        assertEquals(100, each.get());
      }
    }
  }

  @Test
  void embeddings() throws Exception {
    HttpResponse<byte[]> response =
        RUNNING.client().post("/v1/embeddings", "{\"model\":\"texts\",\"input\":\"cat\"}");
    assertEquals(
        """
        {"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.8320503,0.5547002]}],\
        "model":"texts","usage":{"prompt_tokens":2,"total_tokens":2}}\
        """,
        text(response));
    String timing = response.headers().firstValue("server-timing").orElseThrow();
    assertTrue(timing.contains("tokenize;dur=") && timing.contains("compute;dur="), timing);
    HttpResponse<byte[]> more =
        RUNNING
            .client()
            .post(
                "/v1/embeddings",
                "{\"model\":\"texts\",\"input\":[\"cats dog\",\"\"],\"encoding_format\":\"base64\"}");
    assertEquals(200, more.statusCode());
    assertTrue(text(more).contains("\"index\":1,\"embedding\":\"AAAAAAAAgD8=\""), text(more));
    assertTrue(text(more).contains("\"total_tokens\":5"), text(more));
    HttpResponse<byte[]> tokens =
        RUNNING.client().post("/v1/embeddings", "{\"model\":\"texts\",\"input\":[[2,3],[2]]}");
    assertTrue(text(tokens).contains("[0.8320503,0.5547002]"), text(tokens));
    String large = "{\"model\":\"texts\",\"input\":[\"" + "cat ".repeat(20_000) + "\"]}";
    assertEquals(200, RUNNING.client().post("/v1/embeddings", large).statusCode());
    assertTrue(text(RUNNING.client().get("/v1/models")).contains("\"id\":\"texts\""));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "400 | not valid JSON | {",
        "400 | lacks 'model' | {\"input\":\"x\"}",
        "404 | no model 'other' | {\"model\":\"other\",\"input\":\"x\"}",
        "400 | does not take texts | {\"model\":\"arith\",\"input\":\"x\"}",
        "400 | not in the vocabulary | {\"model\":\"texts\",\"input\":[6]}",
        "400 | must not be empty | {\"model\":\"texts\",\"input\":[]}",
      })
  void brokenEmbeddings(int status, String says, String body) throws Exception {
    HttpResponse<byte[]> response = RUNNING.client().post("/v1/embeddings", body);
    assertEquals(status, response.statusCode(), text(response));
    assertTrue(text(response).startsWith("{\"error\":{\"message\":\""), text(response));
    assertTrue(text(response).contains(says), text(response));
  }
}
