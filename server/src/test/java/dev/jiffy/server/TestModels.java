package dev.jiffy.server;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.server.store.LoadedModel;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Small models to serve.
final class TestModels {
  private TestModels() {}

  /// {@return `arith`: a FP32 [n, 3] and b INT64 [n] to y = -a and c = (FP32) b}
  static LoadedModel arithmetic(Path folder) throws IOException {
    Path file = folder.resolve("arith.onnx");
    OnnxWriter.write(
        new GraphBuilder("graph")
            .input("a", DType.F32, "n", 3)
            .input("b", DType.I64, "n")
            .node(new Op.Unary(UnaryFunction.NEG), "y", "a")
            .node(new Op.Cast(DType.F32, false), "c", "b")
            .outputs("y", "c")
            .build(),
        17,
        file);
    return load(file);
  }

  /// {@return a row of inputs of `arith`}
  static Map<String, Tensor> arithmeticRow() {
    return Map.of("a", Tensor.of(new float[3], 1, 3), "b", Tensor.of(new long[1], 1));
  }

  /// {@return `slow`: x FP32 [n, 256] times the unit matrix, again and again}
  static LoadedModel slow(Path folder) throws IOException {
    float[] unit = new float[256 * 256];
    for (int i = 0; i < 256; i++) {
      unit[i * 257] = 1;
    }
    GraphBuilder model =
        new GraphBuilder("graph")
            .input("x0", DType.F32, "n", 256)
            .constant("unit", Tensor.of(unit, 256, 256));
    for (int i = 0; i < 8; i++) {
      model.node(new Op.MatMul(), "p" + i, "x" + i, "unit");
      model.node(new Op.Unary(UnaryFunction.SIGMOID), "x" + (i + 1), "p" + i);
    }
    Path file = folder.resolve("slow.onnx");
    OnnxWriter.write(model.build(), 17, file);
    return load(file);
  }

  /// {@return `picky`: x FP32 [n, m] times a matrix of 5 rows, so that m must be 5}
  static LoadedModel picky(Path folder) throws IOException {
    Path file = folder.resolve("picky.onnx");
    OnnxWriter.write(
        new GraphBuilder("graph")
            .input("x", DType.F32, "n", "m")
            .constant("w", Tensor.of(new float[10], 5, 2))
            .node(new Op.MatMul(), "y", "x", "w")
            .build(),
        17,
        file);
    return load(file);
  }

  /// {@return `texts`: each token looked up in a table of vectors}
  static LoadedModel texts(Path folder) throws IOException {
    Path own = Files.createDirectories(folder.resolve("texts"));
    Path file = own.resolve("model.onnx");
    OnnxWriter.write(
        new GraphBuilder("graph")
            .input("input_ids", DType.I64, "batch", "tokens")
            .constant("table", Tensor.of(new float[] {0, 1, 1, 0, 0, 2, 3, 0, -1, -1, 1, 1}, 6, 2))
            .node(new Op.Gather(0), "last_hidden_state", "table", "input_ids")
            .build(),
        17,
        file);
    Files.writeString(
        own.resolve("tokenizer.json"),
        """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],
         "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,
                       "strip_accents":null,"lowercase":true},
         "pre_tokenizer":{"type":"BertPreTokenizer"},
         "post_processor":{"type":"TemplateProcessing",
           "single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
           "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
           "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]}}},
         "decoder":null,
         "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
                  "max_input_chars_per_word":100,
                  "vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"cat":3,"dog":4,"##s":5}}}\
        """);
    return LoadedModel.load(LoadedModel.nameOf(file), file, LoadOptions.defaults().threads(1));
  }

  private static LoadedModel load(Path file) {
    return LoadedModel.load(LoadedModel.nameOf(file), file, LoadOptions.defaults().threads(1));
  }
}
