package dev.jiffy.engine.foreign;

import dev.jiffy.engine.TensorSpec;
import org.jspecify.annotations.Nullable;

/// What a [ForeignModel] takes or gives under one name.
///
/// @param name the name
/// @param type the type as the runtime names it
/// @param spec the same as Jiffy has it, in which a dimension of a name that no input has depends
///   on data; null where Jiffy has no such type
public record ForeignValue(String name, String type, @Nullable TensorSpec spec) {}
