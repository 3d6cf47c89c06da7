/// Raw input to tensors, and tensors to answers: texts to sentence vectors.
///
/// A [dev.jiffy.pipeline.TextPipeline] is immutable and shared; a [dev.jiffy.pipeline.TextSession]
/// belongs to one thread.
package dev.jiffy.pipeline;
