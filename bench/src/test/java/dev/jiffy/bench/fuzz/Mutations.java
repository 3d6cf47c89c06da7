package dev.jiffy.bench.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Changes of a model that leave its file well formed.
final class Mutations {
  private final Corpus corpus;
  private final Random random;
  private final Proto model;

  Mutations(Corpus corpus, Random random, Proto model) {
    this.corpus = corpus;
    this.random = random;
    this.model = model;
  }

  private <T> @Nullable T any(List<T> list) {
    return list.isEmpty() ? null : list.get(random.nextInt(list.size()));
  }

  /// Changes one place.
  void apply() {
    List<Proto> graphs = new ArrayList<>();
    collect(model.message(7), graphs);
    Proto graph = any(graphs);
    if (graph == null) {
      return;
    }
    Proto node = any(graph.messages(1));
    switch (random.nextInt(14)) {
      case 0, 1, 2, 3 -> attribute(node == null ? null : any(node.messages(5)));
      case 4 -> dropAttribute(node);
      case 5 -> strangeAttribute(node);
      case 6 -> operator(node);
      case 7, 8 -> input(graph, node);
      case 9 -> opset();
      case 10 -> type(any(graph.messages(random.nextBoolean() ? 11 : 12)));
      case 11 -> initializer(any(graph.messages(5)));
      case 12 -> dimension(any(graph.messages(11)));
      default -> output(graph, node);
    }
  }

  private static void collect(@Nullable Proto graph, List<Proto> graphs) {
    if (graph == null) {
      return;
    }
    graphs.add(graph);
    for (Proto node : graph.messages(1)) {
      for (Proto attribute : node.messages(5)) {
        collect(attribute.message(6), graphs);
      }
    }
  }

  private void attribute(@Nullable Proto attribute) {
    if (attribute == null) {
      return;
    }
    Integer place = any(attribute.places(new int[] {2, 3, 4, 7, 8, 9}[random.nextInt(6)]));
    if (place == null) {
      place = random.nextInt(attribute.fields.size());
    }
    Proto.Field field = attribute.fields.get(place);
    switch (field.number()) {
      case 3 -> attribute.set(place, Elements.integer(random));
      case 8 -> integers(attribute, place, field);
      case 2 -> attribute.set(place, real());
      case 7 -> {
        if (field.wire() == 5) {
          attribute.set(place, real());
        } else {
          attribute.fields.remove((int) place);
        }
      }
      case 4, 9 -> attribute.set(place, text());
      case 5 -> initializer(field.message());
      default -> {}
    }
  }

  private float real() {
    return (random.nextInt(13) - 4) / 4f;
  }

  private void integers(Proto attribute, int place, Proto.Field field) {
    if (field.wire() != 0) {
      return;
    }
    switch (random.nextInt(4)) {
      case 0 -> attribute.fields.remove(place);
      case 1 -> attribute.fields.add(place, field);
      default -> attribute.set(place, Elements.integer(random));
    }
  }

  private String text() {
    String text = any(corpus.texts);
    return text == null || random.nextInt(4) == 0 ? Elements.text(random) : text;
  }

  private void dropAttribute(@Nullable Proto node) {
    Integer place = node == null ? null : any(node.places(5));
    if (node != null && place != null) {
      node.fields.remove((int) place);
    }
  }

  /// Adds an attribute that another node has.
  private void strangeAttribute(@Nullable Proto node) {
    Corpus.Seed seed = any(corpus.seeds);
    Proto other = seed == null ? null : any(seed.graph().messages(1));
    Proto attribute = other == null ? null : any(other.messages(5));
    if (node != null && attribute != null) {
      node.add(5, attribute.copy());
    }
  }

  private void operator(@Nullable Proto node) {
    Corpus.Seed seed = any(corpus.seeds);
    Proto other = seed == null ? null : any(seed.graph().messages(1));
    if (node != null && other != null) {
      node.with(4, other.text(4));
    }
  }

  private void input(Proto graph, @Nullable Proto node) {
    Integer place = node == null ? null : any(node.places(1));
    if (node == null || place == null) {
      return;
    }
    switch (random.nextInt(5)) {
      case 0 -> node.fields.remove((int) place);
      case 1 -> node.set(place, "");
      case 2 -> node.fields.add(place, node.fields.get(place));
      default -> {
        List<String> values = new ArrayList<>();
        graph.messages(11).forEach(value -> values.add(value.text(1)));
        graph.messages(5).forEach(tensor -> values.add(tensor.text(8)));
        graph.messages(1).forEach(maker -> values.addAll(maker.texts(2)));
        String value = any(values);
        node.set(place, value == null ? "nowhere" : value);
      }
    }
  }

  private void output(Proto graph, @Nullable Proto node) {
    Integer place = node == null ? null : any(node.places(2));
    if (node == null || place == null) {
      return;
    }
    String name = new String(node.fields.get(place).bytes(), StandardCharsets.UTF_8);
    switch (random.nextInt(4)) {
      case 0 -> node.fields.remove((int) place);
      case 1 -> node.add(2, name + "_more");
      case 2 -> node.set(place, "");
      default -> graph.add(12, new Proto(Proto.Kind.VALUE).add(1, name));
    }
  }

  private void opset() {
    Proto opset = any(model.messages(8));
    if (opset != null) {
      opset.with(2, random.nextInt(4) == 0 ? Elements.integer(random) : 1 + random.nextInt(23));
    }
  }

  private void type(@Nullable Proto value) {
    Proto type = value == null ? null : value.message(2);
    Proto tensor = type == null ? null : type.message(1);
    if (tensor != null) {
      tensor.with(1, (long) random.nextInt(20));
    }
  }

  private void dimension(@Nullable Proto value) {
    Proto type = value == null ? null : value.message(2);
    Proto tensor = type == null ? null : type.message(1);
    Proto shape = tensor == null ? null : tensor.message(2);
    if (shape == null) {
      return;
    }
    Proto dim = any(shape.messages(1));
    if (dim == null || random.nextInt(4) == 0) {
      shape.add(1, new Proto(Proto.Kind.DIMENSION).add(1, Elements.integer(random)));
    } else if (random.nextBoolean()) {
      dim.with(1, Elements.integer(random));
    } else {
      dim.remove(1);
      dim.with(2, random.nextBoolean() ? "n" : "m");
    }
  }

  private void initializer(@Nullable Proto tensor) {
    if (tensor == null) {
      return;
    }
    Integer place = any(tensor.places(1));
    switch (random.nextInt(4)) {
      case 0 -> tensor.with(2, (long) random.nextInt(20));
      case 1 -> tensor.add(1, Elements.integer(random));
      default -> {
        if (place != null) {
          tensor.set(place, Elements.integer(random));
        }
      }
    }
  }
}
