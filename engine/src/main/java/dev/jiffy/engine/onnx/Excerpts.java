package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Writes some nodes of a model's file as a model of their own.
///
/// Nodes, functions, operator sets and initializers of types that Jiffy lacks are copied byte for
/// byte: whatever the file says of them, also what nobody here reads, is kept.
final class Excerpts {
  /// From this version of the format on, an initializer need not be an input.
  private static final long IR_VERSION = 8;

  private final List<MemorySegment> nodes = new ArrayList<>();
  private final Map<String, MemorySegment> initializers = new HashMap<>();
  private final Map<String, MemorySegment> sparse = new HashMap<>();
  private final List<MemorySegment> opsets = new ArrayList<>();
  private final List<MemorySegment> functions = new ArrayList<>();
  private long irVersion = IR_VERSION;

  private Excerpts(WireReader fields) {
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> irVersion = Math.max(IR_VERSION, fields.integer());
        case 7 -> graph(fields.message("GraphProto"));
        case 8 -> opsets.add(fields.bytes());
        case 25 -> functions.add(fields.bytes());
        default -> fields.skip();
      }
    }
  }

  /// {@return the writer of a model's excerpts}
  ///
  /// @param source where its bytes are
  /// @param arena decides how long a file stays mapped
  static Excerpts of(ModelSource source, Arena arena) {
    return new Excerpts(WireReader.of(source.bytes(arena), "ModelProto"));
  }

  private void graph(WireReader fields) {
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> nodes.add(fields.bytes());
        case 5 -> {
          MemorySegment bytes = fields.bytes();
          initializers.put(name(bytes, 8), bytes);
        }
        case 15 -> {
          MemorySegment bytes = fields.bytes();
          WireReader values = WireReader.of(bytes, "SparseTensorProto");
          while (values.next()) {
            if (values.field() == 1) {
              sparse.put(name(values.bytes(), 8), bytes);
            } else {
              values.skip();
            }
          }
        }
        default -> fields.skip();
      }
    }
  }

  private static String name(MemorySegment message, int field) {
    String name = "";
    WireReader fields = WireReader.of(message, "TensorProto");
    while (fields.next()) {
      if (fields.field() == field) {
        name = fields.string();
      } else {
        fields.skip();
      }
    }
    return name;
  }

  /// What an excerpt consists of.
  ///
  /// @param nodes the positions of its nodes in the file, in the order in which they run
  /// @param inputs what it reads from outside, and what is known of that
  /// @param constants what it reads that is known
  /// @param copied the initializers of types that Jiffy lacks, dense or sparse
  /// @param outputs what is read outside of it
  record Content(
      List<Integer> nodes,
      Map<String, Fact> inputs,
      Map<String, Tensor> constants,
      List<String> copied,
      List<String> outputs) {}

  /// {@return an excerpt as ONNX bytes, off the heap}
  ///
  /// @param content what it consists of
  /// @param arena decides how long the bytes live
  /// @throws ModelException if it has more bytes than the format allows
  MemorySegment write(Content content, Arena arena) {
    ProtoWriter graph = new ProtoWriter();
    content.nodes().forEach(node -> graph.bytes(1, nodes.get(node)));
    graph.string(2, "excerpt");
    content.constants().forEach((name, tensor) -> graph.message(5, tensor(name, tensor)));
    for (String name : content.copied()) {
      copy(name, graph);
    }
    content
        .inputs()
        .forEach(
            (name, fact) -> graph.message(11, OnnxWriter.value(new ValueProto(name, type(fact)))));
    content.outputs().forEach(name -> graph.message(12, new ProtoWriter().string(1, name)));
    ProtoWriter model = new ProtoWriter().integer(1, irVersion).string(2, "Jiffy");
    model.message(7, graph);
    opsets.forEach(opset -> model.bytes(8, opset));
    functions.forEach(function -> model.bytes(25, function));
    if (model.size() > Integer.MAX_VALUE) {
      throw new ModelException(
          "%d bytes of nodes and their constants exceed the 2 GiB of an ONNX message"
              .formatted(model.size()));
    }
    return model.write(arena);
  }

  private void copy(String initializer, ProtoWriter graph) {
    MemorySegment dense = initializers.get(initializer);
    MemorySegment thin = sparse.get(initializer);
    if (dense != null) {
      graph.bytes(5, dense);
    } else if (thin != null) {
      graph.bytes(15, thin);
    } else {
      throw new IllegalStateException("the file has no initializer '" + initializer + "'");
    }
  }

  private static ProtoWriter tensor(String name, Tensor tensor) {
    ProtoWriter message = new ProtoWriter();
    TensorWriter.write(message, name, tensor);
    return message;
  }

  private static TypeProto type(Fact fact) {
    List<DimensionProto> dims = null;
    if (fact.shape() != null) {
      dims = new ArrayList<>();
      for (Dim dim : fact.shape()) {
        dims.add(
            switch (dim) {
              case Dim.Known(long value) -> new DimensionProto(value, "");
              case Dim.Symbol(String name) -> new DimensionProto(null, name);
            });
      }
    }
    return new TypeProto.TensorType(ElementTypes.number(fact.dtype()), dims);
  }
}
