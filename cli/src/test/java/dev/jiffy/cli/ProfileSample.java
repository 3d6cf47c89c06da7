package dev.jiffy.cli;

import dev.jiffy.bench.Profile;
import dev.jiffy.bench.Rates;
import dev.jiffy.bench.record.Environment;
import dev.jiffy.engine.Ceilings;
import dev.jiffy.engine.Precision;
import dev.jiffy.tensor.Shape;
import java.util.List;
import java.util.Map;

/// A profile of three steps, the first with a name that must be escaped.
final class ProfileSample {
  static final String NASTY = "/layer/<b>&\"a'\u0001 (Conv)";

  private static final Rates RATES = new Rates(10, 20, 0, 1, 2, 0.5, 1.5, "memory", 0.5);
  private static final Rates NONE = new Rates(0, 0, 0, 0, 0, 0, null, null, null);

  private ProfileSample() {}

  static Profile.Result result() {
    return new Profile.Result(
        "m.onnx",
        "set",
        Map.of("x", Shape.of(2)),
        1,
        "f32",
        "vector",
        5,
        20,
        4,
        3.5,
        5,
        RATES,
        new Profile.Footprint(100, 200, 300),
        new Ceilings(
            1, Map.of(Precision.F32, 1e11), List.of(new Ceilings.Level("L2", 1000, 500, 1e10))),
        List.of(
            new Profile.Step(NASTY, "Conv", "[2]", List.of("a"), "f32", 1, 0.75, 0.1875, RATES),
            new Profile.Step("b (Pool)", "Pool", "[4]", List.of("b"), "f32", 1, 3, 0.75, RATES),
            new Profile.Step(
                Profile.OTHER, Profile.OTHER, "", List.of(), "", 1, 0.25, 0.0625, NONE)),
        List.of(
            new Profile.Operator("Pool", 1, 3, 0.75, RATES),
            new Profile.Operator("Conv", 1, 0.75, 0.1875, RATES),
            new Profile.Operator(Profile.OTHER, 0, 0.25, 0.0625, NONE)),
        new Profile.Timeline(4, List.of(0.1, 0.9), List.of(0.75, 3.0)),
        new Environment("cpu", 2, "os", "jdk"));
  }

  static ProfileCommand.Answer answer() {
    return new ProfileCommand.Answer(result(), result().steps(), 1);
  }
}
