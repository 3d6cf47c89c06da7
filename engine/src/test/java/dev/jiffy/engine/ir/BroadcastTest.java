package dev.jiffy.engine.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.ModelException;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class BroadcastTest {
  @Property(tries = 300, seed = "1")
  void numbersBroadcastAsDefined(
      @ForAll @Size(max = 4) List<@IntRange(max = 3) Integer> a,
      @ForAll @Size(max = 4) List<@IntRange(max = 3) Integer> b) {
    List<Dim> expected = new ArrayList<>();
    boolean fits = true;
    for (int i = Math.max(a.size(), b.size()); i > 0; i--) {
      int x = i > a.size() ? 1 : a.get(a.size() - i);
      int y = i > b.size() ? 1 : b.get(b.size() - i);
      fits &= x == y || x == 1 || y == 1;
      expected.add(Dim.of(x == 1 ? y : x));
    }
    if (fits) {
      assertEquals(expected, Dims.broadcast(dims(a), dims(b)));
      assertEquals(expected, Dims.broadcast(dims(b), dims(a)));
    } else {
      assertThrows(ModelException.class, () -> Dims.broadcast(dims(a), dims(b)));
    }
  }

  /// What is said of symbols holds for every number that they may stand for.
  @Property(tries = 300, seed = "1")
  void symbolsBroadcastAsTheirNumbersDo(
      @ForAll @IntRange(max = 4) int n, @ForAll @IntRange(max = 4) int other) {
    Dim symbolic = Dims.broadcast(Dim.of("n"), Dim.of(other));
    Dim concrete = Dims.broadcast(Dim.of(n), Dim.of(other));
    if (concrete != null) {
      assertEquals(concrete, symbolic instanceof Dim.Symbol ? Dim.of(n) : symbolic);
    }
  }

  private static List<Dim> dims(List<Integer> numbers) {
    return numbers.stream().map(n -> Dim.of(n)).toList();
  }
}
