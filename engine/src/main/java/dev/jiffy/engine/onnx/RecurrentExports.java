package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.engine.ir.RecurrentOp;
import java.util.ArrayList;
import java.util.List;

/// Recurrent layers as ONNX has them.
final class RecurrentExports {
  private RecurrentExports() {}

  /// Writes a recurrent layer.
  static void export(ExportScope node, RecurrentOp.Recurrent op) {
    List<String> names = new ArrayList<>();
    List<Float> alphas = new ArrayList<>();
    List<Float> betas = new ArrayList<>();
    for (Unary activation : op.activations()) {
      names.add(name(node, activation, alphas, betas));
    }
    AttributeSet attributes =
        new AttributeSet()
            .text("direction", op.direction().name().toLowerCase(java.util.Locale.ROOT))
            .integer("hidden_size", op.hidden())
            .texts("activations", names)
            .reals("activation_alpha", alphas)
            .reals("activation_beta", betas);
    if (op.clip() != Float.POSITIVE_INFINITY) {
      attributes.real("clip", op.clip());
    }
    if (op.cell() == RecurrentCell.LSTM) {
      attributes.flagIfTrue("input_forget", op.inputForget());
    }
    if (op.cell() == RecurrentCell.GRU) {
      attributes.flagIfTrue("linear_before_reset", op.linearBeforeReset());
    }
    node.same(op.cell().name(), attributes);
  }

  private static String name(
      ExportScope node, Unary activation, List<Float> alphas, List<Float> betas) {
    return switch (activation.function()) {
      case SIGMOID -> "Sigmoid";
      case TANH -> "Tanh";
      case RELU -> "Relu";
      case SOFTSIGN -> "Softsign";
      case SOFTPLUS -> "Softplus";
      case LEAKY_RELU -> with("LeakyRelu", activation.alpha(), alphas);
      case ELU -> with("Elu", activation.alpha(), alphas);
      case THRESHOLDED_RELU -> with("ThresholdedRelu", activation.alpha(), alphas);
      case HARD_SIGMOID -> {
        betas.add(activation.beta());
        yield with("HardSigmoid", activation.alpha(), alphas);
      }
      default -> throw node.cannot("the activation " + activation.function());
    };
  }

  private static String with(String name, float alpha, List<Float> alphas) {
    alphas.add(alpha);
    return name;
  }
}
