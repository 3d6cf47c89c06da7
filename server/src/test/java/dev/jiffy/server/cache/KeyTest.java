package dev.jiffy.server.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.jiffy.server.schedule.Question;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class KeyTest {
  private static Key key(Map<String, Tensor> inputs, String... outputs) {
    return Objects.requireNonNull(
        Key.of(new Question.Tensors(inputs), List.of(outputs), CacheOptions.defaults()));
  }

  /// Every part of a question counts: none of these is equal to another one.
  @Test
  void everyPartCounts() {
    Tensor floats = Tensor.of(new float[] {0, 0}, 2);
    List<Key> keys = new ArrayList<>();
    keys.add(key(Map.of("x", floats), "y"));
    keys.add(key(Map.of("x", floats), "y", "z"));
    keys.add(key(Map.of("x", floats), "yz"));
    keys.add(key(Map.of("x", floats)));
    keys.add(key(Map.of("y", floats), "y"));
    keys.add(key(Map.of("x", floats, "y", floats), "y"));
    keys.add(key(Map.of("x", floats.reshape(1, 2)), "y"));
    keys.add(key(Map.of("x", floats.reshape(2, 1)), "y"));
    keys.add(key(Map.of("x", Tensor.of(new int[] {0, 0}, 2)), "y"));
    keys.add(key(Map.of("x", Tensor.of(new long[] {0}, 1)), "y"));
    keys.add(key(Map.of("x", Tensor.of(new float[] {0, 1}, 2)), "y"));
    keys.add(key(Map.of("x", Tensor.of(new float[] {0, -0f}, 2)), "y"));
    keys.add(key(Map.of("x", Tensor.ofStrings(List.of("ab", "c"), 2)), "y"));
    keys.add(key(Map.of("x", Tensor.ofStrings(List.of("a", "bc"), 2)), "y"));
    keys.add(key(Map.of("x", Tensor.ofStrings(List.of("", ""), 2)), "y"));
    for (String text : List.of("?", "\ud800", "\udc00", "\ufffd")) { // UTF-8 has one for all
      keys.add(key(Map.of("x", Tensor.ofStrings(List.of(text), 1)), "y"));
    }
    for (int i = 0; i < keys.size(); i++) {
      for (int k = 0; k < keys.size(); k++) {
        if (i == k) {
          assertEquals(keys.get(i), keys.get(k));
        } else {
          assertNotEquals(keys.get(i), keys.get(k), i + " and " + k);
        }
      }
    }
  }

  @Test
  void memoryAndOrderDoNotCount() {
    Tensor a = Tensor.of(new float[] {1, 2}, 2);
    Tensor b = Tensor.of(new long[] {3}, 1);
    Key one = key(Map.of("a", a, "b", b), "y", "z");
    Key other = key(Map.of("b", b.copy(), "a", a.copy()), "z", "y");
    assertEquals(one, other);
    assertEquals(one.hashCode(), other.hashCode());
    a.setDouble(0, 9); // a key is a copy
    assertEquals(one, other);
  }
}
