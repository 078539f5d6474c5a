import type * as PromClient from 'prom-client';

/** Where metrics are registered. */
export type Register =
  | PromClient.Registry<PromClient.PrometheusContentType>
  | PromClient.Registry<PromClient.OpenMetricsContentType>;

/** Calls `give` for each value, with its labels. */
export type Values = (give: (value: number | undefined, labels: object) => void) => void;

export type Help = readonly [name: string, help: string];

type Client = Pick<typeof PromClient, 'Counter' | 'Gauge'>;

/** The metrics in a register, which share a prefix. */
export class Metrics {
  readonly #names: string[] = [];

  constructor(
    private readonly client: Client,
    private readonly registry: Register,
    private readonly prefix: string,
  ) {}

  gauge(help: Help, labelNames: readonly string[], values: Values): void {
    new this.client.Gauge({
      ...this.#configuration(help, labelNames),
      collect() {
        this.reset();
        values((value, labels) => value !== undefined && this.set(labels, value));
      },
    });
    this.#names.push(this.prefix + help[0]);
  }

  counter(help: Help, labelNames: readonly string[], values: Values): void {
    new this.client.Counter({
      ...this.#configuration(help, labelNames),
      collect() {
        this.reset();
        values((value, labels) => value !== undefined && this.inc(labels, value));
      },
    });
    this.#names.push(this.prefix + help[0]);
  }

  remove(): void {
    for (const name of this.#names.splice(0)) this.registry.removeSingleMetric(name);
  }

  #configuration([name, help]: Help, labelNames: readonly string[]) {
    return { name: this.prefix + name, help, labelNames, registers: [this.registry] };
  }
}
