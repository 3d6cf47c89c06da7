package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.Bench;
import dev.jiffy.bench.Compare;
import dev.jiffy.bench.Figures;
import dev.jiffy.bench.WarmedUp;
import dev.jiffy.bench.record.Environment;
import dev.jiffy.bench.record.Interval;
import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Recorder;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Spread;
import dev.jiffy.tensor.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class JsonTest {
  private static final Spread LATENCY =
      new Spread(1000, 1.6, 0.5, 1.25, 1.5, 2, 2.5, 2.75, 3, 3.5, 3.75, 4);
  private static final Interval INTERVAL = new Interval(6, 1.5, 1.4, 1.6, 0.05);
  private static final Figures FIGURES = new Figures("1", 10, 5, LATENCY, INTERVAL, 625, 24, 20);
  private static final String FIGURES_JSON =
      """
      "version":"1","load_ms":10.0,"first_ms":5.0,"count":1000,"mean_ms":1.6,"deviation_ms":0.5,\
      "min_ms":1.25,"p50_ms":1.5,"p90_ms":2.0,"p95_ms":2.5,"p97_ms":2.75,"p99_ms":3.0,\
      "p999_ms":3.5,"p9999_ms":3.75,"max_ms":4.0,\
      "p50_interval":{"count":6,"mean":1.5,"low":1.4,"high":1.6,"variation":0.05},\
      "runs_per_second":625.0,\
      "allocated_bytes_per_run":24,"warm_up_runs":20\
      """;
  private static final WarmedUp WARM = new WarmedUp(20, 2.5, true);
  private static final Environment HERE = new Environment("cpu", 2, "os", "jdk");

  private static Recording recording() {
    Recorder recorder = new Recorder();
    recorder.end(recorder.begin(0, 0, 0, 0), 1_500_000, Outcome.OK);
    return recorder.recording();
  }

  private static Bench.Result result() {
    return new Bench.Result(
        "m.onnx",
        "set",
        Map.of("x", Shape.of(1, 3)),
        1,
        "f32",
        "vector",
        FIGURES,
        WARM,
        HERE,
        recording());
  }

  /// {@return what `bench --json` prints}
  static String bench() {
    return Json.text(new BenchCommand.Answer(result()));
  }

  /// {@return what `compare --json` prints of two cases}
  static String comparison() {
    return Json.text(
        CompareCommand.Several.of(List.of(comparison(0.25, true), comparison(1, false))));
  }

  @Test
  void aBenchIsOneFlatObject() {
    assertEquals(
        """
        {"model":"m.onnx","name":"set","shapes":{"x":[1,3]},"threads":1,"precision":"f32",\
        "kernels":"vector",%s,"warm_up":{"runs":20,"seconds":2.5,"is_settled":true},\
        "environment":{"cpu":"cpu","cores":2,"os":"os","jdk":"jdk"}}\
        """
            .formatted(FIGURES_JSON),
        bench());
    assertTrue(new BenchCommand.Answer(result()).text().contains("p50 1.50 ms"));
  }

  private static Compare.Result comparison(double ratio, boolean matches) {
    return new Compare.Result(
        "m.onnx",
        "set",
        Map.of("x", Shape.of()),
        1,
        "f32",
        "vector",
        FIGURES,
        new Compare.Rival("onnxruntime", FIGURES),
        ratio,
        0.4,
        0.6,
        INTERVAL,
        0.8,
        6,
        1e-6,
        2e-6,
        1,
        matches,
        List.of(),
        HERE);
  }

  @Test
  void aComparisonIsABenchWithTheOtherEnginesFiguresBeside() {
    assertEquals(
        """
        {"model":"m.onnx","name":"set","shapes":{"x":[]},"threads":1,"precision":"f32",\
        "kernels":"vector",%s,"against":{"name":"onnxruntime",%s},"ratio_p50":0.5,\
        "ratio_low":0.4,"ratio_high":0.6,\
        "ratio_interval":{"count":6,"mean":1.5,"low":1.4,"high":1.6,"variation":0.05},"ratio_load":0.8,"rounds":6,"max_abs_error":1.0E-6,"max_rel_error":2.0E-6,"min_cosine":1.0,"matches":true,\
        "mismatches":[],"environment":{"cpu":"cpu","cores":2,"os":"os","jdk":"jdk"}}\
        """
            .formatted(FIGURES_JSON, FIGURES_JSON),
        Json.text(new CompareCommand.One(comparison(0.5, true))));
  }

  @Test
  void severalComparisonsHaveTheMeanRatioAndTheLargestErrors() {
    CompareCommand.Several several =
        CompareCommand.Several.of(List.of(comparison(0.25, true), comparison(1, false)));
    assertEquals(0.5, several.ratioP50());
    assertEquals(false, several.matches());
    assertTrue(
        Json.text(several)
            .startsWith(
                """
                {"model":"m.onnx","threads":1,"ratio_p50":0.5,"ratio_load":0.8,\
                "max_abs_error":1.0E-6,"max_rel_error":2.0E-6,"matches":false,"cases":[{"model":"m.onnx",\
                """));
    assertTrue(several.text().endsWith("all cases: p50 ratio 0.500 (geometric mean)"));
  }

  @Test
  void aProfileIsOneObjectWhoseRowsAreFlat() {
    ProfileCommand.Answer answer = ProfileSample.answer();
    String json = Json.text(answer);
    assertTrue(json.startsWith("{\"model\":\"m.onnx\",\"name\":\"set\""), json);
    assertTrue(
        json.contains(
            """
            {"name":"b (Pool)","operator":"Pool","detail":"[4]","nodes":["b"],"precision":"f32",\
            "threads":1,"us":3.0,"share":0.75,"flops":10,"bytes":20,"weight_bytes":0,\
            "gflop_per_s":1.0,"gb_per_s":2.0,"flop_per_byte":0.5,"bound_us":1.5,\
            "bound_by":"memory","of_bound":0.5}\
            """),
        json);
    assertTrue(json.contains("\"flops_per_second\":{\"f32\":1.0E11}"), json);
    assertEquals(json, JsonMapper.shared().readTree(json).toString());
  }
}
