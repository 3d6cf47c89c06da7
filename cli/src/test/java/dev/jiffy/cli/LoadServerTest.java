package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.onnx.OnnxModel;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto.TensorType;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.engine.onnx.TensorFile;
import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.Server;
import dev.jiffy.server.ServerOptions;
import dev.jiffy.server.store.LoadedModel;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `jiffy load` against Jiffy's own server, in each way in which it can be asked.
class LoadServerTest extends CommandRuns {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;
  private static final String TOKENIZER =
      """
      {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
       "pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":null,"decoder":null,
       "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
                "max_input_chars_per_word":100,"vocab":{"[PAD]":0,"[UNK]":1,"cat":2,"dog":3}}}\
      """;

  @TempDir static Path folder;

  private static Server server;
  private static String url;
  private static Path model;

  @BeforeAll
  static void start() throws IOException {
    model = folder.resolve("minus.onnx");
    DimensionProto rows = new DimensionProto(null, "rows");
    TensorType numbers = new TensorType(FLOAT, List.of(rows, new DimensionProto(null, "length")));
    write(model, node("Neg", "y", "x"), new ValueProto("x", numbers), "y", numbers, List.of());
    Path texts = Files.createDirectories(folder.resolve("texts")).resolve("model.onnx");
    DimensionProto tokens = new DimensionProto(null, "tokens");
    write(
        texts,
        node("Gather", "last_hidden_state", "table", "input_ids"),
        new ValueProto("input_ids", new TensorType(INT64, List.of(rows, tokens))),
        "last_hidden_state",
        new TensorType(FLOAT, List.of(rows, tokens, new DimensionProto(2L, ""))),
        List.of(
            new TensorProto(
                "table", "FLOAT", Tensor.of(new float[] {0, 1, 1, 0, 0, 2, 3, 0}, 4, 2))));
    Files.writeString(texts.resolveSibling("tokenizer.json"), TOKENIZER);
    server =
        Server.start(
            ServerOptions.defaults().http(HttpOptions.defaults().port(0)),
            List.of(load(model), load(texts)));
    url = "http://127.0.0.1:" + server.port();
  }

  private static void write(
      Path file,
      NodeProto node,
      ValueProto input,
      String output,
      TensorType type,
      List<TensorProto> constants)
      throws IOException {
    GraphProto graph =
        new GraphProto(
            "net",
            List.of(node),
            constants,
            List.of(),
            List.of(input),
            List.of(new ValueProto(output, type)),
            List.of());
    OnnxWriter.write(new OnnxModel(9, "test", Map.of("", 19L), Map.of(), List.of(), graph), file);
  }

  private static NodeProto node(String operator, String output, String... inputs) {
    return new NodeProto("node", operator, "", List.of(inputs), List.of(output), Map.of());
  }

  private static LoadedModel load(Path file) {
    return LoadedModel.load(LoadedModel.nameOf(file), file, LoadOptions.defaults().threads(1));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private int load(String target, String... options) {
    forget();
    List<String> words = new ArrayList<>(List.of("load", target));
    words.addAll(List.of(options));
    words.add("--json");
    if (!words.contains("--accuracy")) {
      words.addAll(List.of("--warm-up", "0"));
      if (!words.contains("--steps") && !words.contains("--replay")) {
        words.addAll(List.of("--seconds", "0.1", "--requests", "40"));
      }
    }
    return run(words.toArray(String[]::new));
  }

  private JsonNode measured() {
    return JsonMapper.shared().readTree(out.toString()).path("points").path(0).path("runs").path(0);
  }

  private void checkAllAnswered(int code) {
    assertTrue(code == ExitCodes.OK || code == LoadCommand.INVALID, err::toString);
    JsonNode summary = measured().path("summary");
    assertTrue(summary.path("requests").asLong() >= 40, summary::toString);
    assertEquals(summary.path("requests").asLong(), summary.path("answered").asLong());
    assertTrue(summary.path("errors").isEmpty(), summary::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json", "grpc"})
  void tensorsOfVaryingLength(String api) throws IOException {
    Path report = folder.resolve("report-" + api);
    String[] options = {
      "--model",
      "minus",
      "--api",
      api,
      "--shape",
      "x=1xlength",
      "--dim",
      "length=1..200",
      "--inputs",
      "16",
      "--concurrency",
      "4",
      "--out",
      report.toString()
    };
    checkAllAnswered(
        load(url, api.equals("grpc") ? with("--channels", with("2", options)) : options));
    JsonNode parts = measured().path("breakdowns").path(0).path("parts_ms");
    if (!api.equals("grpc")) {
      assertTrue(parts.has("compute") && parts.has("queue"), parts::toString);
    }
    Set<Integer> samples = new HashSet<>();
    for (String line : Files.readAllLines(report.resolve("run-1-1/requests.jsonl"))) {
      samples.add(JsonMapper.shared().readTree(line).path("sample").asInt());
    }
    assertTrue(samples.size() > 8, samples::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json", "grpc", "model"})
  void answersAreHeldAgainstRecordedOnes(String api) throws IOException {
    Path cases = folder.resolve("cases-" + api);
    for (int i = 0; i < 3; i++) {
      Path set = Files.createDirectories(cases.resolve("set" + i));
      TensorFile.write(set.resolve("input_0.pb"), "x", Tensor.of(new float[] {i, 2}, 1, 2));
      TensorFile.write(set.resolve("output_0.pb"), "y", Tensor.of(new float[] {-i, -2}, 1, 2));
    }
    String[] options =
        api.equals("model")
            ? new String[] {"--case", cases.toString()}
            : new String[] {"--model", "minus", "--api", api, "--case", cases.toString()};
    String target = api.equals("model") ? model.toString() : url;
    assertEquals(ExitCodes.OK, load(target, with("--accuracy", options)), err::toString);
    assertEquals(3, measured().path("summary").path("answered").asInt());
    checkAllAnswered(load(target, with("--check", options)));
    Path wrong = cases.resolve("set1/output_0.pb");
    TensorFile.write(wrong, "y", Tensor.of(new float[] {-1, -2.5f}, 1, 2));
    assertEquals(ExitCodes.FAILURE, load(target, with("--accuracy", options)), err::toString);
    JsonNode summary = measured().path("summary");
    assertEquals(2, summary.path("answered").asInt(), summary::toString);
    assertEquals(1, summary.path("errors").path("wrong_answer").asInt(), summary::toString);
    Files.delete(wrong);
    assertEquals(ExitCodes.USAGE, load(target, with("--accuracy", options)));
    assertTrue(err.toString().contains("not every case has one"), err::toString);
    Files.copy(cases.resolve("set0/output_0.pb"), wrong);
    String[] asked = with("--concurrency", with("2", options));
    assertEquals(ExitCodes.USAGE, load(target, with("--accuracy", asked)));
    assertTrue(err.toString().contains("--concurrency would be ignored"), err::toString);
  }

  private static String[] with(String first, String... others) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(others));
    return all.toArray(String[]::new);
  }

  @ParameterizedTest
  @ValueSource(strings = {"binary", "json", "grpc"})
  void bodiesOfAFile(String api) throws IOException {
    Path lines = folder.resolve("lines.jsonl");
    Files.writeString(
        lines,
        """
        {"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[1,2]}]}
        {"id":"b","inputs":[{"name":"x","datatype":"FP32","shape":[2,1],"data":[1,2]}]}
        """);
    checkAllAnswered(load(url, "--model", "minus", "--api", api, "--jsonl", lines.toString()));
    Files.writeString(
        lines,
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[3],\"data\":[1,2,3]}]}");
    assertEquals(
        ExitCodes.FAILURE,
        Math.min(1, load(url, "--model", "minus", "--api", api, "--jsonl", lines.toString())));
    assertTrue(
        measured().path("summary").path("errors").path("bad_request").asInt() >= 40, out::toString);
  }

  @Test
  void textsOfAFile() throws IOException {
    Path texts = folder.resolve("texts.txt");
    Files.writeString(texts, "cat dog\n\ndog\na \"quoted\" bird\n");
    checkAllAnswered(load(url, "--model", "texts", "--api", "openai", "--texts", texts.toString()));
    JsonNode parts = measured().path("breakdowns").path(0).path("parts_ms");
    assertTrue(parts.has("tokenize") && parts.has("pool"), parts::toString);
    Path lines = folder.resolve("texts.jsonl");
    Files.writeString(lines, "{\"input\":[\"cat\",\"dog\"]}\n");
    checkAllAnswered(load(url, "--model", "texts", "--api", "openai", "--jsonl", lines.toString()));
  }

  @Test
  void arrivalsAreReplayed() throws IOException {
    Path trace = folder.resolve("trace.txt");
    Files.writeString(trace, "100\n100\n5100\n\n35100\n");
    Path report = folder.resolve("replayed");
    int code =
        load(
            url,
            "--model",
            "minus",
            "--shape",
            "x=1x2",
            "--replay",
            "" + trace,
            "--out",
            "" + report);
    assertTrue(code == ExitCodes.OK || code == LoadCommand.INVALID, err::toString);
    List<Long> scheduled = new ArrayList<>();
    for (String line : Files.readAllLines(report.resolve("run-1-1/requests.jsonl"))) {
      scheduled.add(JsonMapper.shared().readTree(line).path("scheduled").asLong());
    }
    assertEquals(List.of(0L, 0L, 5_000_000L, 35_000_000L), scheduled);
    Files.writeString(trace, "1\nsoon\n");
    assertEquals(
        ExitCodes.FAILURE,
        load(url, "--model", "minus", "--shape", "x=1x2", "--replay", "" + trace));
    assertTrue(err.toString().contains("line 2"), err::toString);
  }

  @Test
  void aRateGoesInSteps() {
    int code =
        load(
            model.toString(),
            "--shape",
            "x=1x2",
            "--rate",
            "200",
            "--arrivals",
            "constant",
            "--steps",
            "0.5,1.5,0.5",
            "--step-seconds",
            "0.2");
    assertTrue(code == ExitCodes.OK || code == LoadCommand.INVALID, err::toString);
    JsonNode result = JsonMapper.shared().readTree(out.toString());
    assertEquals("open", result.path("scenario").asString());
    assertEquals(20 + 60 + 20, measured().path("summary").path("requests").asInt());
  }

  @Test
  void theOnlyModelNeedNotBeNamed() {
    assertEquals(ExitCodes.USAGE, load(url, "--shape", "x=1x2"));
    assertTrue(err.toString().contains("--model, one of minus, texts."), err::toString);
    try (Server other =
        Server.start(
            ServerOptions.defaults().http(HttpOptions.defaults().port(0)), List.of(load(model)))) {
      checkAllAnswered(load("http://127.0.0.1:" + other.port(), "--shape", "x=1x2"));
    }
  }

  @Test
  void whatTheServerDoesNotHaveIsTold() {
    for (String api : List.of("binary", "grpc")) {
      assertEquals(ExitCodes.FAILURE, load(url, "--model", "plus", "--api", api));
      assertEquals(1, err.toString().lines().count(), err::toString);
      assertTrue(err.toString().contains("plus"), err::toString);
      assertFalse(err.toString().contains("Exception"), err::toString);
    }
  }
}
