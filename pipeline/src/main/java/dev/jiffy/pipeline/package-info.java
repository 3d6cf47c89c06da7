/// Raw input to tensors, and tensors to answers.
package dev.jiffy.pipeline;
