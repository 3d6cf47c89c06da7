package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class BroadcastTest {
  @Test
  void denseTensorsBecomeOneDimension() {
    Shape shape = Shape.of(2, 3, 4);
    assertEquals(
        new Broadcast(List.of(24L), List.of(List.of(1L), List.of(1L))),
        Broadcast.merge(shape, List.of(shape, shape)));
  }

  @Test
  void aVectorOfTheLastDimensionRepeats() {
    assertEquals(
        new Broadcast(List.of(6L, 4L), List.of(List.of(4L, 1L), List.of(0L, 1L))),
        Broadcast.merge(Shape.of(2, 3, 4), List.of(Shape.of(2, 3, 4), Shape.of(4))));
  }

  @Test
  void aVectorOfAMiddleDimensionIsConstantInTheInnermost() {
    assertEquals(
        new Broadcast(List.of(2L, 3L, 20L), List.of(List.of(60L, 20L, 1L), List.of(0L, 1L, 0L))),
        Broadcast.merge(Shape.of(2, 3, 4, 5), List.of(Shape.of(2, 3, 4, 5), Shape.of(3, 1, 1))));
  }

  @Test
  void scalarsKeepOneDimension() {
    assertEquals(
        new Broadcast(List.of(1L), List.of(List.of(0L))),
        Broadcast.merge(Shape.of(), List.of(Shape.of())));
  }
}
