package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class SimilaritiesTest {
  @Test
  void aSentenceIsLikeItself() {
    Similarities alike =
        Similarities.of(
            List.of("up", "right", "down"),
            List.of(new float[] {0, 2}, new float[] {1, 1}, new float[] {0, -3}));
    assertEquals(
        List.of(
            List.of(1.0, 0.7071, -1.0), List.of(0.7071, 1.0, -0.7071), List.of(-1.0, -0.7071, 1.0)),
        alike.cosines());
    assertEquals(
        List.of(
            "         1       2       3",
            " 1 █  1.00 ▓  0.71   -1.00  up",
            " 2 ▓  0.71 █  1.00   -0.71  right",
            " 3   -1.00   -0.71 █  1.00  down"),
        alike.text().lines().toList());
  }

  @Test
  void aVectorOfZerosIsLikeNothing() {
    assertEquals(
        List.of(List.of(0.0)),
        Similarities.of(List.of("nothing"), List.of(new float[] {0, 0})).cosines());
  }
}
