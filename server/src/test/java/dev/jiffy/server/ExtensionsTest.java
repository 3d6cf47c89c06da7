package dev.jiffy.server;

import static dev.jiffy.server.Client.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the protocol's extensions add over HTTP.
class ExtensionsTest {
  private static final String INFER = "/v2/models/arith/infer";

  @RegisterExtension static final Running RUNNING = Running.arithmetic();

  private static String request(String parameters, String outputs) {
    return """
    {"parameters":{%s},"inputs":[
      {"name":"a","shape":[2,3],"datatype":"FP32","data":[1,5,3,-7,8,9]},
      {"name":"b","shape":[2],"datatype":"INT64","data":[4,6]}]%s}\
    """
        .formatted(parameters, outputs);
  }

  @Test
  void configurationSaysThatRowsAreJoined() throws Exception {
    assertEquals(
        """
        {"name":"arith","platform":"onnx_onnxv1","max_batch_size":64,\
        "input":[{"name":"a","data_type":"TYPE_FP32","dims":[3]},\
        {"name":"b","data_type":"TYPE_INT64","dims":[]}],\
        "output":[{"name":"y","data_type":"TYPE_FP32","dims":[3]},\
        {"name":"c","data_type":"TYPE_FP32","dims":[]}],\
        "dynamic_batching":{},"model_transaction_policy":{"decoupled":false}}\
        """,
        text(RUNNING.client().get("/v2/models/arith/config")));
  }

  @Test
  void statisticsCount() throws Exception {
    String path = "/v2/models/arith/versions/1/stats";
    Running.awaitQuiet(RUNNING.server(), "arith");
    String before = text(RUNNING.client().get(path));
    for (int i = 0; i < 5; i++) {
      assertEquals(200, RUNNING.client().post(INFER, request("", "")).statusCode());
    }
    assertEquals(400, RUNNING.client().post(INFER, "{}").statusCode());
    Running.awaitQuiet(RUNNING.server(), "arith");
    String after = text(RUNNING.client().get(path));
    assertEquals(number(before, "inference_count") + 10, number(after, "inference_count"));
    assertEquals(number(before, "execution_count") + 5, number(after, "execution_count"));
    assertEquals(number(before, "success\":{\"count") + 5, number(after, "success\":{\"count"));
    assertTrue(text(RUNNING.client().get("/v2/models/stats")).contains("\"name\":\"arith\""));
  }

  @Test
  void statisticsOfNoVersionAreThoseOfAllThatAreServed(@TempDir Path folder) throws Exception {
    for (int version : new int[] {1, 2, 3}) {
      ExampleModels.times(folder.resolve("twice/" + version + "/model.onnx"), 2);
    }
    Files.writeString(folder.resolve("twice/jiffy.yaml"), "versions: [1, 3]");
    try (Server server = Server.start(TestServers.options(), TestServers.storage(folder));
        Client client = new Client(server.port());
        GrpcClient grpc = new GrpcClient(server.port())) {
      assertEquals(List.of("1", "3"), versions(text(client.get("/v2/models/twice/stats"))));
      assertEquals(List.of("1"), versions(text(client.get("/v2/models/twice/versions/1/stats"))));
      byte[] name = GrpcClient.framed(GrpcClient.names("twice"));
      String told =
          new String(
              grpc.call(GrpcClient.INFERENCE + "ModelStatistics", name).messages().getFirst(),
              StandardCharsets.ISO_8859_1);
      assertEquals(2, told.split("twice", -1).length - 1);
    }
  }

  private static List<String> versions(String json) {
    return Pattern.compile("\"version\":\"(\\d+)\"")
        .matcher(json)
        .results()
        .map(found -> found.group(1))
        .toList();
  }

  private static long number(String json, String field) {
    int at = json.indexOf(field + "\":");
    assertTrue(at > 0, json);
    return Long.parseLong(json.substring(at + field.length() + 2).split("[,}]", 2)[0]);
  }

  @Test
  void theIndexListsModels() throws Exception {
    String expected =
        "[{\"name\":\"arith\",\"version\":\"1\",\"state\":\"READY\",\"reason\":\"\"}]";
    assertEquals(expected, text(RUNNING.client().post("/v2/repository/index", "")));
    assertEquals(expected, text(RUNNING.client().post("/v2/repository/index", "{\"ready\":true}")));
    assertEquals(400, RUNNING.client().post("/v2/repository/index", "[").statusCode());
    assertEquals(
        400, RUNNING.client().post("/v2/repository/index", "{\"ready\":\"x\"}").statusCode());
    assertEquals(405, RUNNING.client().get("/v2/repository/index").statusCode());
  }

  @Test
  void classification() throws Exception {
    HttpResponse<byte[]> response =
        RUNNING
            .client()
            .post(
                INFER,
                request(
                    "", ",\"outputs\":[{\"name\":\"y\",\"parameters\":{\"classification\":2}}]"));
    assertTrue(
        text(response)
            .contains(
                "{\"name\":\"y\",\"datatype\":\"BYTES\",\"shape\":[2,2],"
                    + "\"data\":[\"-1.0:0\",\"-3.0:2\",\"7.0:0\",\"-8.0:1\"]}"),
        text(response));
  }

  @Test
  void timingsAreToldOnRequest() throws Exception {
    HttpResponse<byte[]> response = RUNNING.client().post(INFER, request("\"timing\":true", ""));
    assertTrue(text(response).contains("\"queue_us\":"), text(response));
    assertTrue(text(response).contains("\"batch_size\":2"), text(response));
    String header = response.headers().firstValue("server-timing").orElseThrow();
    for (String stage : List.of("decode;dur=", "queue;dur=", "compute;dur=", "encode;dur=")) {
      assertTrue(header.contains(stage), header);
    }
    assertTrue(header.contains("batch;desc=2"), header);
  }

  @Test
  void deadlines() throws Exception {
    assertEquals(
        200, RUNNING.client().post(INFER, request("\"timeout\":60000000", "")).statusCode());
    assertEquals(
        200, RUNNING.client().post(INFER, request("", ""), "Request-Timeout", "60.5").statusCode());
    assertEquals(
        504,
        RUNNING
            .client()
            .post(INFER, request("", ""), "Request-Timeout", "0.000000001")
            .statusCode());
    for (String wrong : List.of("0", "-1", "NaN", "soon", "1e300", "9".repeat(50))) {
      assertEquals(
          400,
          RUNNING.client().post(INFER, request("", ""), "Request-Timeout", wrong).statusCode(),
          wrong);
    }
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "\"priority\":1 | | 200",
        "\"priority\":1000000000000 | | 200",
        "\"priority\":-1 | | 400",
        "\"priority\":\"high\" | | 400",
        "\"timeout\":-1 | | 400",
        "\"timeout\":1.5 | | 400",
        "\"timeout\":9223372036854775807 | | 200",
        " | ,\"outputs\":[{\"name\":\"y\",\"parameters\":{\"classification\":0}}] | 400",
        " | ,\"outputs\":[{\"name\":\"y\",\"parameters\":{\"classification\":true}}] | 400",
        " | ,\"outputs\":[{\"name\":\"y\",\"parameters\":{\"classification\":99}}] | 200",
      })
  void parameters(String parameters, String outputs, int status) throws Exception {
    HttpResponse<byte[]> response =
        RUNNING
            .client()
            .post(
                INFER,
                request(parameters == null ? "" : parameters, outputs == null ? "" : outputs));
    assertEquals(status, response.statusCode(), text(response));
  }

  @Test
  void theInterfaceIsDescribed() throws Exception {
    HttpResponse<byte[]> response = RUNNING.client().get("/openapi.yaml");
    assertEquals(200, response.statusCode());
    assertTrue(text(response).startsWith("openapi: 3.1.0"));
  }
}
