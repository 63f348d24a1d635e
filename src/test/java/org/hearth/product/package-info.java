/// Tests of the whole product: the server as a process of its own, real Matrix clients, the panel,
/// the packaged image. Compiled and run by the last module of the build.
@NullMarked
package org.hearth.product;

import org.jspecify.annotations.NullMarked;
