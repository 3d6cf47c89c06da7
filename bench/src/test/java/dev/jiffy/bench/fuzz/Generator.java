package dev.jiffy.bench.fuzz;

import dev.jiffy.bench.fuzz.Corpus.Seed;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Makes cases: a recorded model changed in a few places, a graph of operators wired at random, one
/// of operators that fit each other, or a file with damaged bytes.
final class Generator {
  private static final int GRAPH = 7;
  private static final int OPSET = 8;
  private static final long NEWEST = 22;

  private final Corpus corpus;
  private final List<String> operators;
  private final long seed;
  private final Random random;

  private Generator(Corpus corpus, long seed) {
    this.corpus = corpus;
    this.operators = List.copyOf(corpus.single.keySet());
    this.seed = seed;
    // numbers in a row would begin alike
    this.random = new Random(seed * 0x9E3779B97F4A7C15L);
  }

  /// {@return the case of a number}
  static FuzzCase of(Corpus corpus, long seed) {
    return new Generator(corpus, seed).make();
  }

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private FuzzCase make() {
    int kind = random.nextInt(8);
    boolean exact = kind == 0;
    Seed base = kind < 3 ? Fitted.of(random, exact) : kind < 6 ? wired() : any(corpus.seeds);
    Proto model = base.model().copy();
    Map<String, Tensor> inputs = new LinkedHashMap<>(base.inputs());
    if (!exact) {
      inputs.replaceAll((_, tensor) -> Elements.changed(tensor, random));
    }
    List<Tensor> tensors = List.copyOf(inputs.values());
    Proto graph = model.message(GRAPH);
    if (graph != null) {
      loosen(graph, inputs);
      fix(graph, inputs);
      if (random.nextInt(6) == 0) {
        new Enclosures(random, model, graph).apply();
      }
      Mutations mutations = new Mutations(corpus, random, model);
      int most = exact ? 1 : kind < 6 ? 2 : 4;
      for (int i = random.nextInt(most); i > 0; i--) {
        mutations.apply();
      }
    }
    byte[] bytes = model.toByteArray();
    if (!exact && random.nextInt(20) == 0) {
      damage(bytes);
    }
    return new FuzzCase(seed, bytes, inputs, tensors, exact);
  }

  private void damage(byte[] bytes) {
    for (int i = 0; i < 1 + random.nextInt(4) && bytes.length > 0; i++) {
      int at = random.nextInt(bytes.length);
      bytes[at] =
          (byte) (random.nextBoolean() ? bytes[at] ^ (1 << random.nextInt(8)) : random.nextInt());
    }
  }

  /// Gives dimensions of inputs that do not fit their tensors, and some others, no number.
  private void loosen(Proto graph, Map<String, Tensor> inputs) {
    boolean all = random.nextBoolean();
    for (int field : new int[] {11, 12, 13}) {
      for (Proto value : graph.messages(field)) {
        Proto type = value.message(2);
        Proto tensor = type == null ? null : type.message(1);
        Proto shape = tensor == null ? null : tensor.message(2);
        if (tensor == null || shape == null) {
          continue;
        }
        Tensor input = field == 11 ? inputs.get(value.text(1)) : null;
        if (input == null
            || input.shape().rank() != shape.messages(1).size()
            || random.nextInt(8) == 0) {
          tensor.remove(2);
          continue;
        }
        List<Proto> dims = shape.messages(1);
        for (int d = 0; d < dims.size(); d++) {
          if (all || input.shape().dim(d) != dims.get(d).number(1)) {
            dims.get(d).remove(1);
          }
        }
      }
    }
  }

  /// Makes some inputs constants.
  private void fix(Proto graph, Map<String, Tensor> inputs) {
    int share = random.nextInt(3);
    for (int place : graph.places(11).reversed()) {
      Proto value = graph.fields.get(place).message();
      Tensor tensor = value == null ? null : inputs.get(value.text(1));
      if (tensor != null && value != null && random.nextInt(3) < share) {
        graph.add(5, Elements.proto(value.text(1), tensor));
        inputs.remove(value.text(1));
        graph.fields.remove(place);
      }
    }
  }

  // ---- graphs wired at random

  /// A value of a graph under construction.
  ///
  /// @param name its name
  /// @param type its type as ONNX writes it
  /// @param like a tensor like it, where one is known
  private record Wire(String name, Proto type, @Nullable Tensor like) {
    long elementType() {
      Proto tensor = type.message(1);
      return tensor == null ? 0 : tensor.number(1);
    }
  }

  private Seed wired() {
    Proto graph = new Proto(Proto.Kind.GRAPH).add(2, "wired");
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    List<Wire> wires = new ArrayList<>();
    List<Wire> made = new ArrayList<>();
    int count = 1 + random.nextInt(6);
    for (int n = 0; n < count; n++) {
      Seed template = any(corpus.single.getOrDefault(any(operators), corpus.seeds));
      Proto from = template.graph();
      Proto node = from.messages(1).getFirst().copy();
      for (int place : node.places(1)) {
        String name =
            new String(node.fields.get(place).bytes(), java.nio.charset.StandardCharsets.UTF_8);
        Tensor like = template.inputs().get(name);
        Proto type = type(from, 11, name);
        if (!name.isEmpty() && type != null) {
          node.set(
              place, wire(graph, inputs, wires, new Wire("n" + n + "_" + name, type, like)).name);
        }
      }
      for (int place : node.places(2)) {
        String name =
            new String(node.fields.get(place).bytes(), java.nio.charset.StandardCharsets.UTF_8);
        Proto type = type(from, 12, name);
        if (!name.isEmpty() && type != null) {
          Wire wire = new Wire("n" + n + "_" + name, type, null);
          node.set(place, wire.name);
          made.add(wire);
        }
      }
      wires.addAll(made.subList(Math.max(0, made.size() - 3), made.size()));
      graph.add(1, node);
    }
    for (int i = 0; i < made.size(); i++) {
      if (random.nextBoolean() || i == made.size() - 1) {
        graph.add(12, value(made.get(i)));
      }
    }
    Proto model =
        new Proto(Proto.Kind.MODEL)
            .add(1, 10)
            .add(GRAPH, graph)
            .add(OPSET, new Proto(Proto.Kind.OPSET).add(1, "").add(2, NEWEST))
            .add(OPSET, new Proto(Proto.Kind.OPSET).add(1, "ai.onnx.ml").add(2, 5));
    return new Seed("wired", model, inputs);
  }

  /// A value of a type: one that is there, or a new input.
  private Wire wire(Proto graph, Map<String, Tensor> inputs, List<Wire> wires, Wire wanted) {
    List<Wire> fitting =
        wires.stream().filter(wire -> wire.elementType() == wanted.elementType()).toList();
    if (!fitting.isEmpty() && random.nextInt(3) > 0) {
      return any(fitting);
    }
    graph.add(11, value(wanted));
    Tensor like = wanted.like;
    if (like != null) {
      inputs.put(wanted.name, like);
    }
    wires.add(wanted);
    return wanted;
  }

  private static Proto value(Wire wire) {
    return new Proto(Proto.Kind.VALUE).add(1, wire.name).add(2, wire.type.copy());
  }

  private static @Nullable Proto type(Proto graph, int field, String name) {
    for (Proto value : graph.messages(field)) {
      if (value.text(1).equals(name)) {
        return value.message(2);
      }
    }
    return null;
  }
}
