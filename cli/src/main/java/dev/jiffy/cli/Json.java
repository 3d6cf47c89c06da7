package dev.jiffy.cli;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.jiffy.bench.Bench;
import dev.jiffy.bench.Compare;
import dev.jiffy.bench.Figures;
import dev.jiffy.bench.Profile;
import dev.jiffy.bench.Rates;
import dev.jiffy.bench.load.Run;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Spread;
import dev.jiffy.engine.Precision;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import java.util.Locale;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;

/// How answers become JSON: names in snake_case, shapes as arrays, element types in lower case, an
/// engine's figures among what they belong to; what is null is left out.
final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .changeDefaultPropertyInclusion(
              inclusion -> inclusion.withValueInclusion(JsonInclude.Include.NON_NULL))
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .addModule(
              new SimpleModule()
                  .addSerializer(new Extents())
                  .addSerializer(new ElementType())
                  .addKeySerializer(Precision.class, new PrecisionName()))
          .addMixIn(Compare.Result.class, Flat.class)
          .addMixIn(Compare.Rival.class, Flat.class)
          .addMixIn(Figures.class, FlatFigures.class)
          .addMixIn(Run.class, Figured.class)
          .addMixIn(Bench.Result.class, FlatFigured.class)
          .addMixIn(Profile.Step.class, FlatRates.class)
          .addMixIn(Profile.Operator.class, FlatRates.class)
          .build();

  private Json() {}

  /// {@return a value as JSON on one line}
  static String text(Object value) {
    return MAPPER.writeValueAsString(value);
  }

  /// Marks figures that are written as if their parts stood in their owner.
  interface Flat {
    /// {@return the figures}
    @JsonUnwrapped
    Figures figures();
  }

  /// The same for the latencies among figures.
  interface FlatFigures {
    /// {@return the latencies}
    @JsonUnwrapped
    Spread latency();
  }

  /// Leaves out what is written to files of their own.
  interface Figured {
    /// {@return every request}
    @JsonIgnore
    Recording recording();
  }

  /// Both.
  interface FlatFigured extends Flat, Figured {}

  /// The same as [Flat] for the rates of a row.
  interface FlatRates {
    /// {@return the rates}
    @JsonUnwrapped
    Rates rates();
  }

  private static final class Extents extends StdSerializer<Shape> {
    Extents() {
      super(Shape.class);
    }

    @Override
    public void serialize(Shape shape, JsonGenerator out, SerializationContext context) {
      long[] dims = shape.dims();
      out.writeArray(dims, 0, dims.length);
    }
  }

  private static final class PrecisionName extends StdSerializer<Precision> {
    PrecisionName() {
      super(Precision.class);
    }

    @Override
    public void serialize(Precision precision, JsonGenerator out, SerializationContext context) {
      out.writeName(precision.name().toLowerCase(Locale.ROOT));
    }
  }

  private static final class ElementType extends StdSerializer<DType> {
    ElementType() {
      super(DType.class);
    }

    @Override
    public void serialize(DType type, JsonGenerator out, SerializationContext context) {
      out.writeString(type.name().toLowerCase(Locale.ROOT));
    }
  }
}
