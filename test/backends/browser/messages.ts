/** What Node and the page say to each other. */
import type {Circus} from '@jest/types';

/** An error as an object that can be sent. */
export interface PlainError {
  message: string;
  stack: string;
  cause?: PlainError;
}

/** What `run_spec.mjs` asks for. */
export interface SpecRequest {
  /** Addresses of the modules to load, in order; the spec is the last. */
  modules: string[];
  testNamePattern: string | undefined;
  testTimeout: number;
}

export type PlainTestResult = Omit<Circus.TestResult, 'errorsDetailed' | 'retryReasonsDetailed'> & {
  errorsDetailed: PlainError[];
};

export interface FinishedRun {
  loadError?: undefined;
  testResults: PlainTestResult[];
  /** Stacks of what no test caught. */
  unhandledErrors: string[];
}

/** What the page gives once a spec has run; `loadError` where it could not be loaded. */
export type SpecRun = FinishedRun | {loadError: PlainError};

/** What is about to run, and how long that may take. */
export interface StepNotice {
  name: string;
  timeout: number;
}
