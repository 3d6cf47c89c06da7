package dev.jiffy.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Every graph: groups never wait for each other, and what is told to leave leaves.
class PartitionTest {
  private static NodeProto node(String operator, String output, String... inputs) {
    return new NodeProto(output, operator, "", List.of(inputs), List.of(output), Map.of());
  }

  @Test
  void nodesBetweenAreTakenAlongUnlessTheyAreHeavy() {
    for (String between : List.of("Relu", "MatMul")) {
      List<NodeProto> nodes =
          List.of(
              node("Relu", "a", "x"),
              node("Far", "b", "a"),
              node(between, "c", "b"),
              node("Far", "d", "c"),
              node("Relu", "e", "d"));
      Partition partition = new Partition(nodes);
      partition.leave(1, "far");
      partition.leave(3, "far");
      partition.grow();
      boolean isLight = between.equals("Relu");
      assertEquals(isLight ? 1 : 2, partition.groups().size(), between);
      assertEquals(isLight, partition.leaves(2), between);
      assertNull(partition.refusal(2));
      assertEquals("far", partition.refusal(3));
      assertEquals(isLight, partition.shrink());
      assertTrue(!partition.leaves(2));
    }
  }

  @Test
  void groupsOfAnyGraphCanRunOneAfterTheOther() {
    Random random = new Random(1);
    for (int round = 0; round < 500; round++) {
      List<NodeProto> nodes = nodes(random, 2 + random.nextInt(30));
      Partition partition = new Partition(nodes);
      for (int i = 0; i < nodes.size(); i++) {
        if (random.nextInt(3) == 0) {
          partition.leave(i, "far");
        }
      }
      if (random.nextBoolean()) {
        partition.grow();
      }
      joinSome(partition, nodes, random);
      assertRuns(partition, nodes);
    }
  }

  private static List<NodeProto> nodes(Random random, int count) {
    List<NodeProto> nodes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String[] inputs = new String[1 + random.nextInt(2)];
      for (int k = 0; k < inputs.length; k++) {
        inputs[k] = i == 0 ? "x" : "v" + random.nextInt(i);
      }
      nodes.add(node(random.nextInt(4) == 0 ? "MatMul" : "Relu", "v" + i, inputs));
    }
    return nodes;
  }

  private static void joinSome(Partition partition, List<NodeProto> nodes, Random random) {
    for (int reader = 1; reader < nodes.size(); reader++) {
      int source = Integer.parseInt(nodes.get(reader).inputs().getFirst().substring(1));
      if (partition.leaves(source) && random.nextInt(4) == 0) {
        partition.join(source, reader, "together");
        assertEquals(partition.level(source), partition.level(reader));
      }
    }
  }

  /// Runs all nodes of a level before any of a higher one.
  private static void assertRuns(Partition partition, List<NodeProto> nodes) {
    Set<String> made = new HashSet<>(Set.of("x"));
    int level = 0;
    for (int i : partition.order()) {
      assertTrue(partition.level(i) >= level);
      level = partition.level(i);
      assertEquals(partition.leaves(i), level % 2 == 1);
      assertTrue(made.containsAll(nodes.get(i).inputs()), () -> nodes + " at " + i);
      made.addAll(nodes.get(i).outputs());
    }
    assertEquals(nodes.size() + 1, made.size());
  }
}
