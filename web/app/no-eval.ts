// Imported before everything else: the CSP forbids making code from strings, and zod would try it to parse faster.
import { config } from 'zod';

config({ jitless: true });
