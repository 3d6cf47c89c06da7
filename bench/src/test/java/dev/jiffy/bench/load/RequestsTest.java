package dev.jiffy.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.Case;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RequestsTest {
  private static final TensorSpec IDS =
      new TensorSpec("ids", DType.I64, List.of(new Dim.Known(1), new Dim.Symbol("seq")));

  @Test
  void lengthsVary() {
    SplittableRandom random = new SplittableRandom(1);
    Lengths range = Lengths.parse("8..128");
    Lengths some = Lengths.parse("8|32");
    Lengths normal = Lengths.parse("64~0.5");
    long below = 0;
    for (int i = 0; i < 2000; i++) {
      long length = range.next(random);
      assertTrue(length >= 8 && length <= 128);
      long one = some.next(random);
      assertTrue(one == 8 || one == 32);
      below += normal.next(random) < 64 ? 1 : 0;
    }
    assertEquals(1000.0, (double) below, 120);
    assertEquals(12, Lengths.parse("12").next(random));
    for (String wrong : List.of("", "a", "8..", "9..8", "8|", "0~1", "-1")) {
      assertThrows(IllegalArgumentException.class, () -> Lengths.parse(wrong), wrong);
    }
  }

  @Test
  void inputsAreMadeForEveryLength() {
    List<Case> cases =
        Inputs.synthetic(List.of(IDS), Map.of(), Map.of("seq", Lengths.parse("3..9")), 20, 1);
    assertEquals(20, cases.size());
    assertTrue(cases.stream().map(Case::shapes).distinct().count() > 3);
    List<Case> shaped =
        Inputs.synthetic(
            List.of(IDS), Map.of("ids", List.of("2", "n")), Map.of("n", Lengths.parse("5")), 20, 1);
    assertEquals(1, shaped.size());
    assertEquals(Map.of("ids", Shape.of(2, 5)), shaped.getFirst().shapes());
    assertThrows(
        IllegalArgumentException.class,
        () -> Inputs.synthetic(List.of(IDS), Map.of("ids", List.of("2", "n")), Map.of(), 1, 1));
  }

  @Test
  void aDimensionOfATemplateIsThatOfOtherInputsToo() {
    List<Dim> shape = List.of(new Dim.Symbol("batch"), new Dim.Symbol("seq"));
    List<Case> cases =
        Inputs.synthetic(
            List.of(
                new TensorSpec("input_ids", DType.I64, shape),
                new TensorSpec("attention_mask", DType.I64, shape)),
            Map.of("input_ids", List.of("1", "seq")),
            Map.of("batch", Lengths.parse("1"), "seq", Lengths.parse("8..128")),
            20,
            1);
    assertEquals(20, cases.size());
    for (Case each : cases) {
      assertEquals(each.shapes().get("input_ids"), each.shapes().get("attention_mask"));
    }
  }

  @Test
  void linesAreBodies(@TempDir Path folder) throws IOException {
    URI server = URI.create("http://127.0.0.1:1");
    Path file = folder.resolve("lines.jsonl");
    Files.writeString(file, "{\"input\":\"a\"}\n\n{\"input\":\"b\",\"model\":\"other\"}\n");
    try (HttpSubject subject = Requests.lines(server, "m", ServerApi.OPENAI, file, 1, 1)) {
      assertEquals(2, subject.samples());
    }
    Files.writeString(file, "{\"input\":\n");
    assertThrows(
        IllegalArgumentException.class,
        () -> Requests.lines(server, "m", ServerApi.OPENAI, file, 1, 1));
    Files.writeString(file, "[1]\n");
    assertThrows(
        IllegalArgumentException.class,
        () -> Requests.lines(server, "m", ServerApi.OPENAI, file, 1, 1));
    Files.writeString(file, "\n");
    assertThrows(IllegalArgumentException.class, () -> Requests.read(file));
  }
}
