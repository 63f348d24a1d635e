package org.hearth.server.matrix.event;

/// Carries a fault from the place where it is found out of [PduFormat]; never seen outside.
final class PduFaultException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient PduFault fault;

  PduFaultException(PduFault.Kind kind, String detail) {
    super(detail, null, false, false);
    this.fault = new PduFault(kind, detail);
  }

  PduFault fault() {
    return fault;
  }
}
